"""From uploads to the JPEGs that are stored and sent to the model."""
