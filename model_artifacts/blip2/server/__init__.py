"""The HTTP server of our own container image and of local mode; imports nothing of this repository."""
