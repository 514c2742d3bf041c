"""The functions that take the database's webhooks."""
