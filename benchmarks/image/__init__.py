"""Builds our container images without an engine, inspects them, and runs them."""
