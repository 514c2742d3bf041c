"""Alarms over several stacks, dashboards and the budget; in AWS alone."""
