"""The errors that the services raise themselves.

VitrineError
├── InvalidInput            a field, what is wrong with it, and the remedy
│   ├── UnsupportedMedia    a format that is not supported
│   ├── TooLarge            more bytes, pixels or photos than the limit
│   └── UploadNotFound      an id that names no upload of the caller
├── Unauthenticated         no access token, or an invalid one
│   ├── InvalidToken
│   └── SignatureInvalid    a webhook that was not signed by one of our keys
├── UserNotAllowed          a signed-in user who may not call the API
├── SigningKeysInvalid      a signing secret in the wrong form
├── KeysUnavailable         the issuer's keys cannot be fetched, and none are cached
├── Busy                    more photos than can be decoded in time
├── QuotaExceeded           the user has no report left today
├── ReportNotFound          no such report of the caller
├── KeyReused               an idempotency key that came with other photos
├── ReportInProgress        another request with the same key is being processed
├── ReportNotCorrectable    the report cannot be corrected now
├── ReportFailed            the report has ended without a result
├── LeaseLost               a worker does not hold the report, or no longer
│   ├── LeaseHeld           another worker holds it
│   └── ReportEnded         it has ended
└── ModelFault              the vision model gave no usable answer
    ├── ModelRefused        it rejected the content of the request
    ├── ModelUnavailable    it does not answer now; a later request may succeed
    │   └── CatalogueMismatch  its artifact has another catalogue than this service, until both are deployed
    └── ModelAnswerInvalid  its answer breaks the contract
"""


class VitrineError(Exception):
    """The root; the text of each error may be shown to a client."""


class InvalidInput(VitrineError):
    """A field of the request cannot be used."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}. {remedy}")
        self.field = field
        self.remedy = remedy


class UnsupportedMedia(InvalidInput):
    """The content has a format that is not supported."""


class TooLarge(InvalidInput):
    """The content is larger than the limit."""


class UploadNotFound(InvalidInput):
    """The caller has no such upload."""

    def __init__(self, upload_id: str) -> None:
        problem = f"no upload {upload_id} of yours; nothing was sent to it, or it was used or has expired"
        super().__init__("upload_ids", problem, "Ask POST /uploads for a new one, and send the photo again")


class Unauthenticated(VitrineError):
    """The caller is not authenticated."""


class InvalidToken(Unauthenticated):
    """The access token is invalid; the text says why without quoting it."""


class UserNotAllowed(VitrineError):
    """The token is valid, and its user may not call the API; the text says why without quoting a claim."""


class SignatureInvalid(Unauthenticated):
    """The webhook has no recent signature by one of our keys; the text says why without quoting it."""


class SigningKeysInvalid(VitrineError):
    """The signing secret that `source` holds cannot be used; it is never quoted."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")


class KeysUnavailable(VitrineError):
    """The issuer's public keys cannot be fetched, and none are cached."""


class Busy(VitrineError):
    """The service has more photos to decode than it can in time; nothing was accepted."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many photos are being decoded; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class QuotaExceeded(VitrineError):
    """The user has no report left today."""

    def __init__(self, quota: int, resets_in: int) -> None:
        super().__init__(f"all {quota} reports of the day are used; the count starts again at 00:00 UTC")
        self.resets_in = resets_in


class ReportNotFound(VitrineError):
    """The caller has no such report."""

    def __init__(self, report_id: str) -> None:
        super().__init__(f"no report {report_id} of yours; it may have been erased or have expired")
        self.report_id = report_id


class KeyReused(VitrineError):
    """The idempotency key was sent before with other photos."""

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key came with other photos before; use a new key for new photos")


class ReportInProgress(VitrineError):
    """The report of this idempotency key has not ended; its id is None if it was withdrawn just now."""

    def __init__(self, report_id: str | None) -> None:
        super().__init__("the report of this Idempotency-Key is still being made; ask again shortly")
        self.report_id = report_id


class ReportNotCorrectable(VitrineError):
    """The report cannot be corrected now; `retry_after_s` is None if a later try cannot succeed either."""

    def __init__(self, reason: str, retry_after_s: int | None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class WordingRefused(ReportNotCorrectable):
    """The report is not worded again: it was too often, or its facts were corrected meanwhile."""


class ReportFailed(VitrineError):
    """The report ended without a result; `code` and the text say why."""

    def __init__(self, report_id: str, code: str, reason: str) -> None:
        super().__init__(reason)
        self.report_id = report_id
        self.code = code


class LeaseLost(VitrineError):
    """A worker does not hold the report's lease, or no longer: it must not write."""

    def __init__(self, report_id: str, why: str) -> None:
        super().__init__(f"report {report_id} {why}")


class LeaseHeld(LeaseLost):
    """Another worker holds the report until `until`, in seconds since 1970."""

    def __init__(self, report_id: str, until: int) -> None:
        super().__init__(report_id, "is being worked on by another worker")
        self.until = until


class ReportEnded(LeaseLost):
    """The report has succeeded or failed."""

    def __init__(self, report_id: str) -> None:
        super().__init__(report_id, "has ended")


class ModelFault(VitrineError):
    """The vision model gave no usable answer; `code` becomes that of the report's failure."""

    code = "model_fault"


class ModelRefused(ModelFault):
    """The endpoint rejects the content of the request: a retry does not help."""

    code = "model_refused"

    def __init__(self, problem: str) -> None:
        super().__init__(f"the vision model cannot be asked: {problem}")


class ModelUnavailable(ModelFault):
    """The endpoint does not answer now; a later request may succeed."""

    code = "model_unavailable"

    def __init__(self, problem: str) -> None:
        super().__init__(f"the vision model is not available: {problem}")


class CatalogueMismatch(ModelUnavailable):
    """The endpoint's artifact has another version of the catalogue, as while both are being deployed."""

    code = "catalogue_mismatch"


class ModelAnswerInvalid(ModelFault):
    """The endpoint's answer breaks its contract."""

    code = "model_answer_invalid"

    def __init__(self, problem: str) -> None:
        super().__init__(f"the vision model's answer cannot be used: {problem}")
