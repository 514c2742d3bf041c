"""Bringing an environment into its account, and looking whether it is well there."""
