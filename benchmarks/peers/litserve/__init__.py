"""LitServe as its documentation shows it: one API server, one worker."""
