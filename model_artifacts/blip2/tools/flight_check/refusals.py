"""Why an archive does not fly: one class for each reason, beside those of unpacking and serving it.

ArtifactError
├── ArchiveError              in `unpacked`: UnpackError, HandlerMissingError
│                             in `served`: ImportFailedError, NotServingError, NotAnsweringError
└── all that follow
"""

from ..errors import ArtifactError


class WeightsCutShortError(ArtifactError):
    """A safetensors file holds less than its header says."""


class WeightNotFiniteError(ArtifactError):
    """A weight is NaN or infinite."""


class HashMismatchError(ArtifactError):
    """A file is not the one that the manifest states."""


class RequirementAbsentError(ArtifactError):
    """The handlers import a package that nothing installs."""


class InstanceUnknownError(ArtifactError):
    """What memory the instance has is not known."""


class TooLargeError(ArtifactError):
    """The model does not fit the instance's memory."""


class WrongShapeError(ArtifactError):
    """The answer breaks the contract."""


class OtherAnswerError(ArtifactError):
    """TorchServe's answer is not that of our own server."""


class JavaMissingError(ArtifactError):
    """TorchServe needs Java, and there is none."""
