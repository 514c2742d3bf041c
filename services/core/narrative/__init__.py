"""Title and description of a report, checked against the evidence."""
