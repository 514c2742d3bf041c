"""A report as the table keeps it: one row, never answered to a client."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from services.core.report import Report

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


@dataclass(frozen=True)
class RequestKey:
    """An idempotency key, with what tells the photos that it came with from others."""

    name: str
    digest: str


@dataclass(frozen=True)
class StoredReport:
    """A report with what its owner never sees: whose it is, where its pictures are, which key it came by."""

    owner: str
    report: Report
    pictures: tuple[str, ...]
    key: RequestKey | None = None

    def with_report(self, report: Report) -> Self:
        """The same row with a newer report."""
        return replace(self, report=report)

    def row(self) -> dict[str, Any]:
        """The row as plain values; what is absent has no attribute."""
        values = {
            **address(self.owner, f"report#{self.report.id}"),
            "status": self.report.status,
            "report": self.report.model_dump_json(),
            "pictures": list(self.pictures),
            "key": self.key.name if self.key else None,
            "digest": self.key.digest if self.key else None,
            "expires_at": int(self.report.expires_at.timestamp()),
        }
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_row(cls, owner: str, row: dict[str, Any]) -> Self:
        """Read a row back."""
        report = Report.model_validate_json(row["report"])
        key = RequestKey(row["key"], row["digest"]) if "key" in row else None
        return cls(owner, report, tuple(row["pictures"]), key)


def address(owner: str, sk: str) -> dict[str, str]:
    """A row's primary key."""
    return {"pk": f"user#{owner}", "sk": sk}


def to_item(values: dict[str, Any]) -> dict[str, Any]:
    """Plain values in DynamoDB's typed form."""
    return {name: _serialize(value) for name, value in values.items()}


def from_item(item: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's typed form as plain values."""
    return {name: _deserialize(value) for name, value in item.items()}


def has_expired(row: dict[str, Any]) -> bool:
    """Whether a row's life is over, though DynamoDB may not have got round to it (hours, often)."""
    return int(row["expires_at"]) < datetime.now(UTC).timestamp()
