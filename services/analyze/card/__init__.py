"""A report as a page of HTML, to look at and to print."""
