"""Why a model's folder cannot be served."""


class UnfitModelError(ValueError):
    """The model's folder cannot be served; the message names the file, what is wrong and the remedy."""
