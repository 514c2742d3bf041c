"""Uploads to the JPEGs that are stored and shown to the model."""
