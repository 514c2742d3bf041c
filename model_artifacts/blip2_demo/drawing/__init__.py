"""Drawn goods: the demo model's pictures."""
