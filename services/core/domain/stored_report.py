"""A report as the table keeps it: one row, never answered to a client."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

from services.core.domain.report import UNFINISHED, Report, Status

_ASKED = "the vision model was asked; an endpoint that sleeps takes some minutes to wake"


@dataclass(frozen=True)
class RequestKey:
    """An idempotency key, with what tells the photos that it came with from others."""

    name: str
    digest: str


@dataclass(frozen=True)
class Lease:
    """Who works on a report, and until when (in seconds since 1970) nobody else does."""

    holder: str
    until: int


@dataclass(frozen=True)
class PendingInference:
    """A question to an async endpoint: keys in the exchange bucket, when it was asked (s), how often by now.

    `input_key` is None where the question travelled with the call.
    """

    input_key: str | None
    output_key: str
    at: int
    attempt: int = 1


@dataclass(frozen=True)
class StoredReport:
    """A report with what its owner never sees: whose it is, its pictures, who works on it.

    `photos_digest` tells its photos, as the model sees them, from others.
    `touched_at` is when the row was last written, as it was read: when an ended report ended.
    """

    owner: str
    report: Report
    pictures: tuple[str, ...]
    key: RequestKey | None = None
    photos_digest: str | None = None
    lease: Lease | None = None
    asked: PendingInference | None = None
    touched_at: datetime | None = field(default=None, compare=False)

    def with_report(self, report: Report) -> Self:
        """The same row with a newer report."""
        return replace(self, report=report)

    def row(self) -> dict[str, Any]:
        """The row as plain values; what is absent has no attribute.

        `unfinished` is there only until the report ends: the index of that name holds what is still to do.
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
            "asked": pending_row(self.asked) if self.asked else None,
        }
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_row(cls, owner: str, row: dict[str, Any]) -> Self:
        """Read a row back. An unfinished report is running while somebody, or the endpoint, works on it."""
        report = Report.model_validate_json(row["report"])
        lease = Lease(row["lease"], int(row["lease_until"])) if "lease" in row else None
        asked = _pending(row["asked"]) if "asked" in row else None
        if report.status in UNFINISHED:
            running = asked is not None or (lease is not None and lease.until >= seconds_now())
            status = Status.RUNNING if running else Status.QUEUED
            waiting = _ASKED if asked is not None else None if running else row.get("waiting")
            report = report.model_copy(update={"status": status, "waiting": waiting})
        key = RequestKey(row["key"], row["digest"]) if "key" in row else None
        touched_at = datetime.fromtimestamp(int(row["touched_at"]), UTC) if "touched_at" in row else None
        pictures, digest = tuple(row["pictures"]), row.get("photos_digest")
        return cls(owner, report, pictures, key, digest, lease, asked, touched_at)


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
    """Whether a row's life is over, though DynamoDB may not have got round to it (hours, often)."""
    return int(row["expires_at"]) < datetime.now(UTC).timestamp()


def seconds_now() -> int:
    """Whole seconds since 1970, as leases count."""
    return int(datetime.now(UTC).timestamp())
