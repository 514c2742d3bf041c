"""What can go wrong with the artifact, between a model's folder and its endpoint."""

from __future__ import annotations


class ArtifactError(Exception):
    """A command cannot do what it was asked to; the message says why, and what to do about it."""


class PackagingError(ArtifactError):
    """The archive cannot be built; the message says what is missing."""
