"""Packages, checks, compares and deploys an archive of the model."""
