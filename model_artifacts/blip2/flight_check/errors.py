"""What keeps an archive from becoming an endpoint, each under its own name."""

from __future__ import annotations

from model_artifacts.blip2.errors import ArtifactError


class FlightCheckError(ArtifactError):
    """The archive would not work as an endpoint."""


class ArchiveUnreadable(FlightCheckError):
    """It is no gzipped tar, is cut short, or leaves its own folder."""


class HandlersMissing(FlightCheckError):
    """There is no code/inference.py, where SageMaker looks for the handlers."""


class FileAltered(FlightCheckError):
    """A file is not the one that the manifest states, or is missing."""


class WeightsCutShort(FlightCheckError):
    """A file of weights has fewer or more bytes than its header says."""


class WeightNotFinite(FlightCheckError):
    """A weight is not a number, or infinite."""


class RequirementMissing(FlightCheckError):
    """The handlers need a package that their requirements do not name, or one that cannot be installed."""


class ModelTooLarge(FlightCheckError):
    """The instance has not the memory to load it."""


class StartFailed(FlightCheckError):
    """The server ended, or did not answer /ping in time."""


class WrongAnswer(FlightCheckError):
    """The handlers answered with another shape than the contract's, or not at all."""
