"""The HTTP server of our own container image, which local mode runs too. It stands alone."""
