"""Why a command fails: one class for each reason.

UserError
└── ArtifactError
    ├── PackagingError          the archive cannot be built
    ├── HubError                the hub does not deliver a model
    ├── PhotoError              a photo cannot be read
    ├── ReplayError             an archive's answer is of no use to the service
    ├── EndpointError           the endpoint is not deployed
    ├── ArchiveError            the archive cannot be served
    │   ├── UnpackError         it is no archive, or a member is outside its folder
    │   ├── HandlerMissingError there is no code/inference.py
    │   ├── ImportFailedError   the handlers cannot be imported
    │   ├── NotServingError     the server is not ready in time
    │   └── NotAnsweringError   the handlers refuse a request or fail on it
    └── RefusedError            flight-check refuses the archive
        ├── WeightsCutShortError, WeightNotFiniteError, HashMismatchError, RequirementAbsentError
        ├── InstanceUnknownError, TooLargeError
        └── WrongShapeError, OtherAnswerError, JavaMissingError
"""

from cli.errors import UserError


class ArtifactError(UserError):
    """A command cannot do what it was asked to; the message says why, and what to do about it."""


class PackagingError(ArtifactError):
    """The archive cannot be built; the message says what is missing."""


class HubError(ArtifactError):
    """The hub does not deliver a model; the message says why."""


class PhotoError(ArtifactError):
    """A photo cannot be read; the message names it."""


class ReplayError(ArtifactError):
    """The service could not use an archive's answer; the message names the archive and the photo."""


class EndpointError(ArtifactError):
    """The endpoint is not deployed; the message says why, and what to do instead."""


class ArchiveError(ArtifactError):
    """An archive cannot be served, or does not answer; the message says which and why."""


class UnpackError(ArchiveError):
    """The file is no archive, or a member is outside its folder."""


class HandlerMissingError(ArchiveError):
    """There is no code/inference.py."""


class ImportFailedError(ArchiveError):
    """The handlers cannot be imported."""


class NotServingError(ArchiveError):
    """The server ends before it is ready, or is not ready in time."""


class NotAnsweringError(ArchiveError):
    """The handlers refuse a request or fail on it, or the server ends during it."""


class RefusedError(ArtifactError):
    """Flight-check refuses the archive."""


class WeightsCutShortError(RefusedError):
    """A safetensors file holds less than its header says."""


class WeightNotFiniteError(RefusedError):
    """A weight is NaN or infinite."""


class HashMismatchError(RefusedError):
    """A file is not the one that the manifest states."""


class RequirementAbsentError(RefusedError):
    """The handlers import a package that is not installed."""


class InstanceUnknownError(RefusedError):
    """The instance's memory is not known."""


class TooLargeError(RefusedError):
    """The model does not fit the instance's memory."""


class WrongShapeError(RefusedError):
    """The answer breaks the contract."""


class OtherAnswerError(RefusedError):
    """TorchServe's answer differs from our own server's."""


class JavaMissingError(RefusedError):
    """TorchServe needs Java, and a recent enough one is not installed."""
