"""What can go wrong between a model's folder and its archive."""

from __future__ import annotations


class PackagingError(Exception):
    """The archive cannot be built; the message says what is missing."""
