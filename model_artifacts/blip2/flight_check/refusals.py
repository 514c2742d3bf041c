"""Why an archive does not fly: one class for each reason."""

from ..errors import ArtifactError


class UnpackError(ArtifactError):
    """The archive is no archive, or a member would leave its folder."""


class HandlerMissingError(ArtifactError):
    """There is no code/inference.py."""


class WeightsCutShortError(ArtifactError):
    """A safetensors file holds less than its header says."""


class WeightNotFiniteError(ArtifactError):
    """A weight is NaN or infinite."""


class HashMismatchError(ArtifactError):
    """A file is not the one that the manifest states."""


class RequirementAbsentError(ArtifactError):
    """The handlers import a package that nothing installs."""


class ImportFailedError(ArtifactError):
    """The handlers cannot be imported."""


class TooLargeError(ArtifactError):
    """The model does not fit the instance's memory."""


class NotServingError(ArtifactError):
    """The server ended, or did not answer in time."""


class WrongShapeError(ArtifactError):
    """The answer breaks the contract."""
