"""All that an operator may change, as types; and the names and variables that follow from it."""
