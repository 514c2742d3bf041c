"""Idle cost of an environment, computed from its templates."""
