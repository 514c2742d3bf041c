"""The image bucket and the reports table."""
