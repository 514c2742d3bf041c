"""The plan as one page, `plan.html`, and as the documents' tables."""
