"""How the database is reached: engine, patience, locks, migrations."""
