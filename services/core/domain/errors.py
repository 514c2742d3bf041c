"""Everything that can go wrong on purpose.

VitrineError
├── InvalidInput            a field, what is wrong with it, and the remedy
│   ├── UnsupportedMedia    a format that is not read
│   ├── TooLarge            more bytes, pixels or photos than are taken
│   └── UploadNotFound      an upload's id that the caller has nothing under
├── Unauthenticated         no access token, or one that does not hold
│   ├── InvalidToken
│   └── SignatureInvalid    a webhook that none of our keys has signed
├── SigningKeysInvalid      a signing secret that is not one
├── KeysUnavailable         the issuer's keys cannot be had, and none are cached
├── QuotaExceeded           the user's reports of the day are used up
├── ReportNotFound          no such report, or somebody else's
├── KeyReused               an idempotency key that came with other photos
├── ReportInProgress        the same request is being worked on right now
├── ReportFailed            the report has ended without a result
├── NotYours                a worker may not go on with a report
│   ├── ReportTaken         … since another one works on it
│   └── ReportEnded         … since it has ended
└── ModelFault              the vision model gave no usable answer
    ├── ModelRefused        … since it refuses the request, or us
    ├── ModelUnavailable    … now; later it may
    └── ModelAnswerInvalid  … in a form that breaks its contract
"""


class VitrineError(Exception):
    """The root: its text is fit for a client's eyes."""


class InvalidInput(VitrineError):
    """A field of the request cannot be used."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}. {remedy}")
        self.field = field
        self.problem = problem
        self.remedy = remedy


class UnsupportedMedia(InvalidInput):
    """The content is of a kind that is not read here."""


class TooLarge(InvalidInput):
    """The content is larger than what is taken."""


class UploadNotFound(InvalidInput):
    """There is no such upload among the caller's own."""

    def __init__(self, upload_id: str) -> None:
        problem = f"no upload {upload_id} of yours; nothing was sent to it, or it was used or has expired"
        super().__init__("upload_ids", problem, "Ask POST /uploads for a new one, and send the photo again")
        self.upload_id = upload_id


class Unauthenticated(VitrineError):
    """The caller did not show who they are."""


class InvalidToken(Unauthenticated):
    """The access token does not hold; `reason` says why without quoting it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SignatureInvalid(Unauthenticated):
    """The webhook was not signed by a key of ours, or not lately; `reason` says why without quoting it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SigningKeysInvalid(VitrineError):
    """The signing secret that `source` holds cannot be used; it is never quoted."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source
        self.problem = problem


class KeysUnavailable(VitrineError):
    """The issuer's public keys cannot be fetched, and none are cached."""


class QuotaExceeded(VitrineError):
    """The user has no report left today."""

    def __init__(self, quota: int, resets_in: int) -> None:
        super().__init__(f"all {quota} reports of the day are used; the count starts again at 00:00 UTC")
        self.quota = quota
        self.resets_in = resets_in


class ReportNotFound(VitrineError):
    """There is no such report among the caller's own."""

    def __init__(self, report_id: str) -> None:
        super().__init__(f"no report {report_id} of yours; it may have been erased or have expired")
        self.report_id = report_id


class KeyReused(VitrineError):
    """The idempotency key belongs to a request with other photos."""

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key came with other photos before; use a new key for new photos")


class ReportInProgress(VitrineError):
    """The report that this idempotency key stands for is not finished yet; None when it just was given up."""

    def __init__(self, report_id: str | None) -> None:
        super().__init__("the report of this Idempotency-Key is still being made; ask again shortly")
        self.report_id = report_id


class ReportFailed(VitrineError):
    """The report ended without a result; `code` and the text say why."""

    def __init__(self, report_id: str, code: str, reason: str) -> None:
        super().__init__(reason)
        self.report_id = report_id
        self.code = code


class LeaseLost(VitrineError):
    """A worker does not hold the report's lease, or does no longer: it must not write."""

    def __init__(self, report_id: str, why: str) -> None:
        super().__init__(f"report {report_id} {why}")
        self.report_id = report_id


class LeaseHeld(LeaseLost):
    """Another worker holds the report until `until`, in seconds since 1970."""

    def __init__(self, report_id: str, until: int) -> None:
        super().__init__(report_id, "is being worked on by another worker")
        self.until = until


class ReportEnded(LeaseLost):
    """The report has succeeded or failed: there is nothing left to do."""

    def __init__(self, report_id: str) -> None:
        super().__init__(report_id, "has ended")


class ModelFault(VitrineError):
    """The vision model gave no usable answer; `code` is what the report's failure says."""

    code = "model_fault"


class ModelRefused(ModelFault):
    """The endpoint refuses the request, or this service: asking again does not help."""

    code = "model_refused"

    def __init__(self, problem: str) -> None:
        super().__init__(f"the vision model cannot be asked: {problem}")


class ModelUnavailable(ModelFault):
    """The endpoint does not answer now; ask again in `retry_after` seconds."""

    code = "model_unavailable"

    def __init__(self, problem: str, retry_after: int = 30) -> None:
        super().__init__(f"the vision model is not available: {problem}")
        self.retry_after = retry_after


class ModelAnswerInvalid(ModelFault):
    """The endpoint answered something that its contract does not allow."""

    code = "model_answer_invalid"

    def __init__(self, problem: str) -> None:
        super().__init__(f"the vision model's answer cannot be used: {problem}")
