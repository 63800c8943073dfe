"""Every page of the dashboard, as the tests that visit all of them know it."""

PAGES = (
    *("/", "/plan", "/history", "/forecast", "/actions", "/system", "/login"),
    *("/settings", "/settings/battery", "/settings/prices", "/settings/appearance"),
    *("/settings/import", "/setup", "/setup/place", "/setup/home-assistant", "/setup/plan"),
)
