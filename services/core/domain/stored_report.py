"""A report as the table stores it: one row, never sent to a client as it is."""

import json
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Self

from services.core.domain.observation import PendingInference
from services.core.domain.report import UNFINISHED, Report, Status

_PENDING = "the vision model was asked; an endpoint that sleeps takes some minutes to wake"


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
    """An idempotency key, and the digest of the photos that came with it."""

    name: str
    digest: str


@dataclass(frozen=True)
class Lease:
    """Which worker holds a report, and until when, in seconds since 1970."""

    holder: str
    until: int


@dataclass(frozen=True)
class StoredReport:
    """A report with what its owner does not see.

    `pictures` are keys in the image bucket. `photos_digest` identifies the photos as the model sees them.
    `touched_at` is when the row was last written, as it was read: of an ended report, when it ended.
    """

    owner: str
    report: Report
    pictures: tuple[str, ...]
    key: RequestKey | None = field(default=None, kw_only=True)
    photos_digest: str | None = field(default=None, kw_only=True)
    lease: Lease | None = field(default=None, kw_only=True)
    pending: PendingInference | None = field(default=None, kw_only=True)
    touched_at: datetime | None = field(default=None, kw_only=True, compare=False)

    @property
    def ref(self) -> ReportRef:
        """The report's name in messages."""
        return ReportRef(self.owner, self.report.id)

    def with_report(self, report: Report) -> Self:
        """The same row with a newer report."""
        return replace(self, report=report)

    def leased(self, lease: Lease) -> "LeasedReport":
        """The same row, held under `lease`."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return LeasedReport(**values | {"lease": lease})

    def row(self) -> dict[str, Any]:
        """The row as plain values; an absent value has no attribute.

        Only a report that has not ended has `unfinished`, the key of the sparse index of that name.
        """
        unfinished = self.report.status in UNFINISHED
        values = {
            **address(self.owner, f"report#{self.report.id}"),
            "status": self.report.status,
            "report": self.report.model_dump_json(),
            "pictures": list(self.pictures),
            "key": self.key.name if self.key else None,
            "digest": self.key.digest if self.key else None,
            "photos_digest": self.photos_digest,
            "expires_at": int(self.report.expires_at.timestamp()),
            "touched_at": seconds_now(),
            "unfinished": self.report.id if unfinished else None,
            "lease": self.lease.holder if self.lease and unfinished else None,
            "lease_until": self.lease.until if self.lease and unfinished else None,
            "asked": pending_row(self.pending) if self.pending else None,
        }
        return {name: value for name, value in values.items() if value is not None}

    @staticmethod
    def from_row(owner: str, row: dict[str, Any]) -> "StoredReport":
        """Read a row. An unfinished report is running while a worker or the endpoint works on it."""
        report = Report.model_validate_json(row["report"])
        lease = Lease(row["lease"], int(row["lease_until"])) if "lease" in row else None
        pending = _pending(row["asked"]) if "asked" in row else None
        if report.status in UNFINISHED:
            running = pending is not None or (lease is not None and lease.until >= seconds_now())
            status = Status.RUNNING if running else Status.QUEUED
            waiting = _PENDING if pending is not None else None if running else row.get("waiting")
            report = report.model_copy(update={"status": status, "waiting": waiting})
        return StoredReport(
            owner,
            report,
            tuple(row["pictures"]),
            key=RequestKey(row["key"], row["digest"]) if "key" in row else None,
            photos_digest=row.get("photos_digest"),
            lease=lease,
            pending=pending,
            touched_at=datetime.fromtimestamp(int(row["touched_at"]), UTC) if "touched_at" in row else None,
        )


@dataclass(frozen=True)
class LeasedReport(StoredReport):
    """A report that this worker holds: the only form that may be processed, renewed, released or ended."""

    lease: Lease = field(kw_only=True)


def pending_row(pending: PendingInference) -> dict[str, Any]:
    """A pending inference as a map of plain values; the table calls its attempt `times`."""
    values = {
        "input_key": pending.input_key,
        "output_key": pending.output_key,
        "at": pending.at,
        "times": pending.attempt,
    }
    return {name: value for name, value in values.items() if value is not None}


def _pending(row: dict[str, Any]) -> PendingInference:
    # DynamoDB's numbers are Decimals.
    return PendingInference(
        row.get("input_key"), row["output_key"], int(row["at"]), attempt=int(row["times"])
    )


def address(owner: str, sk: str) -> dict[str, str]:
    """A row's primary key."""
    return {"pk": f"user#{owner}", "sk": sk}


def has_expired(row: dict[str, Any]) -> bool:
    """Whether a row has expired; DynamoDB deletes expired rows hours later."""
    return int(row["expires_at"]) < datetime.now(UTC).timestamp()


def seconds_now() -> int:
    """Whole seconds since 1970."""
    return int(datetime.now(UTC).timestamp())
