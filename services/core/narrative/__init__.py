"""Title and description of a report, held against the facts."""
