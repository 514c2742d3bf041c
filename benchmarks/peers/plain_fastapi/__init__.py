"""FastAPI as its documentation shows it: a form with files, worked on in a thread."""
