"""A photo through the local system, printed as a report."""
