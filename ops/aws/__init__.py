"""The account as the commands see it."""
