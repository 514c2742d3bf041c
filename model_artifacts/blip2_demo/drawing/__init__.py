"""Draws the demo model's pictures."""
