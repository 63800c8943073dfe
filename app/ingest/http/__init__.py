"""How an outside service is asked, and what can go wrong."""
