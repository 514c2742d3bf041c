"""Constructs that more than one stack declares."""
