"""The steps of each command; `python -m ops` reads the arguments."""
