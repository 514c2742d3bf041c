"""Why a command fails.

UserError
└── ArtifactError               a model, a photo, an answer or an endpoint is of no use
    ├── PackagingError          the archive cannot be built
    └── ArchiveError            the archive cannot be served, or flight-check refuses it; `fault` says why
"""

from enum import Enum, auto

from cli.errors import UserError


class ArtifactError(UserError):
    """A command cannot do what it was asked to; the message says why, and what to do about it."""


class PackagingError(ArtifactError):
    """The archive cannot be built; the message says what is missing."""


class Fault(Enum):
    """What makes an archive unfit to serve."""

    NOT_UNPACKED = auto()  # no archive, or a member is outside its folder
    HANDLER_MISSING = auto()  # no code/inference.py
    IMPORT_FAILED = auto()
    NOT_SERVING = auto()  # the server ends before it is ready, or is not ready in time
    NOT_ANSWERING = auto()  # the handlers refuse a request or fail on it, or the server ends during it
    WEIGHTS_CUT_SHORT = auto()
    WEIGHT_NOT_FINITE = auto()
    WEIGHTS_UNFIT = auto()  # for config.json: missing, left over or of another shape
    CATALOGUE_MISMATCH = auto()  # none, or another than is committed here
    HASH_MISMATCH = auto()  # a file is not the one that the manifest states
    REQUIREMENT_ABSENT = auto()  # the handlers import a package that is not installed
    INSTANCE_UNKNOWN = auto()  # the instance's memory is not known
    TOO_LARGE = auto()  # for the instance's memory
    WRONG_SHAPE = auto()  # the answer breaks the contract
    OTHER_ANSWER = auto()  # TorchServe's answer differs from our own server's


class ArchiveError(ArtifactError):
    """An archive cannot be served, or does not answer as it must; the message says which and why."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault
