"""A report as the table stores it: one row, never sent to a client as it is."""

import json
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Self

from services.core.domain.colours import Colours
from services.core.domain.observation import PendingInference
from services.core.domain.report import Flaw, Report


@dataclass(frozen=True)
class ReportRef:
    """Which report: the queues' messages hold this and nothing else."""

    owner: str
    report_id: str

    def to_json(self) -> str:
        """The message that names the report."""
        return json.dumps({"owner": self.owner, "report": self.report_id})

    @classmethod
    def from_json(cls, body: str) -> Self | None:
        """The report that a message names, or None if the message has another form."""
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            return None
        match content:
            case {"owner": str(owner), "report": str(report_id)} if owner and report_id:
                return cls(owner, report_id)
        return None


@dataclass(frozen=True)
class RequestKey:
    """An idempotency key, and what came with it: the digest of the photos or of the ids of their uploads.

    `contents` is the digest of the photos, None as long as uploads are not fetched.
    """

    name: str
    digest: str
    contents: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Lease:
    """Which worker holds a report, and until when, in seconds since 1970."""

    holder: str
    until: int


@dataclass(frozen=True)
class StoredPhoto:
    """A photo of a report: its key in the image bucket, its size in pixels (None: unknown), its flaws.

    `colours` are those of the thing's pixels.
    """

    key: str
    width: int | None = None
    height: int | None = None
    flaws: tuple[Flaw, ...] = ()
    colours: Colours = ()


@dataclass(frozen=True)
class StoredReport:
    """A report with what its owner does not see.

    `photos` are in the client's order. `photos_digest` identifies the photos as they are stored.
    `touched_at` is when the row was last written, as it was read: of an ended report, when it ended.
    `attempts` counts the requests to an async endpoint, `invalid_answers` answers outside the contract.
    `fault` is the code of the last reason for which a model gave no answer.
    `traceparent` is the span that accepted the report, whose trace all later work on it continues.
    """

    owner: str
    report: Report
    photos: tuple[StoredPhoto, ...]
    key: RequestKey | None = field(default=None, kw_only=True)
    photos_digest: str | None = field(default=None, kw_only=True)
    lease: Lease | None = field(default=None, kw_only=True)
    pending: PendingInference | None = field(default=None, kw_only=True)
    attempts: int = field(default=0, kw_only=True)
    invalid_answers: int = field(default=0, kw_only=True)
    fault: str | None = field(default=None, kw_only=True)
    traceparent: str | None = field(default=None, kw_only=True)
    touched_at: datetime | None = field(default=None, kw_only=True, compare=False)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The keys of the photos in the image bucket."""
        return tuple(photo.key for photo in self.photos)

    @property
    def ref(self) -> ReportRef:
        """The report's name in messages."""
        return ReportRef(self.owner, self.report.id)

    def leased(self, lease: Lease) -> "LeasedReport":
        """The same row, held under `lease`."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return LeasedReport(**values | {"lease": lease})


@dataclass(frozen=True)
class LeasedReport(StoredReport):
    """A report that this worker holds: the only form that may be processed, renewed, released or ended."""

    lease: Lease = field(kw_only=True)


def seconds_now() -> int:
    """Whole seconds since 1970."""
    return int(datetime.now(UTC).timestamp())
