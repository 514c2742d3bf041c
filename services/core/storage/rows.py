"""The rows of the reports table: their keys, their values in DynamoDB's form, and the writes of them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from services.core.domain.colours import Colours
from services.core.domain.corrections import GivenCorrections, corrected
from services.core.domain.observation import PendingInference
from services.core.domain.report import UNFINISHED, Flaw, Report
from services.core.domain.stored_report import (
    Lease,
    LeasedReport,
    RequestKey,
    StoredPhoto,
    StoredReport,
    seconds_now,
)
from services.core.storage.progress import progress

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

KEY_LIFE = timedelta(days=1)
COUNT_LIFE = timedelta(days=2)
HELD = "lease = :holder"
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def to_item(values: dict[str, Any]) -> dict[str, Any]:
    """Plain values in DynamoDB's typed form; an absent value has no attribute."""
    return {name: _serialize(value) for name, value in values.items() if value is not None}


def from_item(item: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB's typed form as plain values."""
    return {name: _deserialize(value) for name, value in item.items()}


def address(owner: str, sk: str) -> dict[str, str]:
    """The primary key of a row in the owner's partition."""
    return {"pk": f"user#{owner}", "sk": sk}


def count_address(owner: str, moment: datetime) -> dict[str, str]:
    """The primary key of the owner's count for the day of `moment`, in UTC."""
    return address(owner, f"quota#{moment:%Y-%m-%d}")


def observation_address(owner: str, photos_digest: str) -> dict[str, str]:
    """The primary key of the cached observation of the owner's photos with this digest."""
    return address(owner, f"sight#{photos_digest}")


def has_expired(row: dict[str, Any]) -> bool:
    """Whether a row has expired; DynamoDB deletes expired rows hours later."""
    return int(row["expires_at"]) < datetime.now(UTC).timestamp()


def is_erasing(row: dict[str, Any]) -> bool:
    """Whether the erasure of a report has started."""
    return "erasing" in row


def read_row(
    dynamodb: "DynamoDBClient", table: str, key: dict[str, str], *, consistent: bool = True
) -> dict[str, Any] | None:
    """The row as plain values, or None if there is none or it has expired."""
    found = dynamodb.get_item(TableName=table, Key=to_item(key), ConsistentRead=consistent)
    row = from_item(found["Item"]) if "Item" in found else None
    return row if row and not has_expired(row) else None


def row_of(stored: StoredReport) -> dict[str, Any]:
    """The report's row as plain values.

    Only a report that has not ended has `unfinished`, the key of the sparse index of that name.
    """
    unfinished = stored.report.status in UNFINISHED
    lease = stored.lease if unfinished else None
    return {
        **address(stored.owner, f"report#{stored.report.id}"),
        "status": stored.report.status,
        "report": stored.report.model_dump_json(),
        "pictures": list(stored.pictures),
        "photos": [_photo_row(photo) for photo in stored.photos],
        "key": stored.key.name if stored.key else None,
        "digest": stored.key.digest if stored.key else None,
        "photos_digest": stored.photos_digest,
        "expires_at": int(stored.report.expires_at.timestamp()),
        "touched_at": seconds_now(),
        "unfinished": stored.report.id if unfinished else None,
        "lease": lease.holder if lease else None,
        "lease_until": lease.until if lease else None,
        "asked": pending_row(stored.pending) if stored.pending else None,
        "attempts": stored.attempts or None,
        "invalid_answers": stored.invalid_answers or None,
        "fault": stored.fault if unfinished else None,
        "traceparent": stored.traceparent,
    }


def stored_report(owner: str, row: dict[str, Any]) -> StoredReport:
    """Read a report's row. An unfinished report is running while a worker or the endpoint works on it."""
    report = Report.model_validate_json(row["report"])
    if "corrections" in row:
        report = corrected(report, GivenCorrections.model_validate_json(row["corrections"]))
    lease = Lease(row["lease"], int(row["lease_until"])) if "lease" in row else None
    pending = _pending(row["asked"]) if "asked" in row else None
    if report.status in UNFINISHED:
        held = lease is not None and lease.until >= seconds_now()
        report = report.model_copy(update=progress(row, pending, held=held))
    return StoredReport(
        owner,
        report,
        _photos(row),
        key=RequestKey(row["key"], row["digest"]) if "key" in row else None,
        photos_digest=row.get("photos_digest"),
        lease=lease,
        pending=pending,
        attempts=int(row.get("attempts", pending.attempt if pending else 0)),
        invalid_answers=int(row.get("invalid_answers", 0)),
        fault=row.get("fault"),
        traceparent=row.get("traceparent"),
        touched_at=datetime.fromtimestamp(int(row["touched_at"]), UTC) if "touched_at" in row else None,
    )


def pending_row(pending: PendingInference) -> dict[str, Any]:
    """A pending inference as a map of plain values; the table calls its attempt `times`."""
    values = {
        "input_key": pending.input_key,
        "output_key": pending.output_key,
        "at": pending.at,
        "times": pending.attempt,
        "inference_id": pending.inference_id,
        "failure_key": pending.failure_key,
    }
    return {name: value for name, value in values.items() if value is not None}


def _pending(row: dict[str, Any]) -> PendingInference:
    # DynamoDB's numbers are Decimals.
    return PendingInference(
        row.get("input_key"),
        row["output_key"],
        int(row["at"]),
        int(row["times"]),
        row.get("inference_id"),
        row.get("failure_key"),
    )


def _photo_row(photo: StoredPhoto) -> dict[str, Any]:
    return {
        "width": photo.width,
        "height": photo.height,
        "flaws": list(photo.flaws),
        "colours": [[id_, round(100 * share)] for id_, share in photo.colours],
    }


def _photos(row: dict[str, Any]) -> tuple[StoredPhoto, ...]:
    # A row of an earlier release has the keys only; the keys stay apart, so that it can read newer rows.
    facts = row.get("photos") or [{} for _ in row["pictures"]]
    return tuple(
        StoredPhoto(
            key,
            _pixels(each.get("width")),
            _pixels(each.get("height")),
            _flaws(each.get("flaws")),
            _colours(each.get("colours")),
        )
        for key, each in zip(row["pictures"], facts, strict=True)
    )


def _pixels(number: Decimal | None) -> int | None:
    return None if number is None else int(number)


def _flaws(codes: list[str] | None) -> tuple[Flaw, ...]:
    return tuple(Flaw(code) for code in codes or ())


def _colours(percent: list[tuple[str, Decimal]] | None) -> Colours:
    return tuple((id_, int(of_pixels) / 100) for id_, of_pixels in percent or ())


class ReportWrites:
    """Makes entries for one table."""

    def __init__(self, table: str) -> None:
        self._table = table

    def insert(self, new: StoredReport) -> "TransactWriteItemTypeDef":
        """Write the report's row if there is none."""
        return self._put(new, "attribute_not_exists(pk)")

    def end(self, leased: LeasedReport) -> "TransactWriteItemTypeDef":
        """Write an ended report over its row, if this worker still holds it."""
        put = self._put(leased, f"attribute_exists(pk) AND {HELD}")
        put["Put"]["ExpressionAttributeValues"] = to_item({":holder": leased.lease.holder})
        return put

    def remove(self, stored: StoredReport) -> "TransactWriteItemTypeDef":
        """Delete the report's row if there is one."""
        return {
            "Delete": {
                "TableName": self._table,
                "Key": to_item(address(stored.owner, f"report#{stored.report.id}")),
                "ConditionExpression": "attribute_exists(pk)",
            }
        }

    def delete(self, stored: StoredReport) -> "list[TransactWriteItemTypeDef]":
        """Delete the report's row and the observation of its photos, as far as they exist."""
        keys = [address(stored.owner, f"report#{stored.report.id}")]
        if stored.photos_digest is not None:
            keys.append(observation_address(stored.owner, stored.photos_digest))
        return [{"Delete": {"TableName": self._table, "Key": to_item(key)}} for key in keys]

    def claim_key(self, new: StoredReport, key: RequestKey) -> "TransactWriteItemTypeDef":
        """Assign the key to the report, if the key is free or has expired."""
        created = new.report.created_at
        row = {
            **address(new.owner, f"key#{key.name}"),
            "report_id": new.report.id,
            "digest": key.digest,
            "contents": key.contents,
            "expires_at": int((created + KEY_LIFE).timestamp()),
        }
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(row),
                "ConditionExpression": "attribute_not_exists(pk) OR expires_at < :now",
                "ExpressionAttributeValues": to_item({":now": int(created.timestamp())}),
            }
        }

    def free_key(self, stored: StoredReport, key: RequestKey) -> "TransactWriteItemTypeDef":
        """Delete the key; fails if it has been assigned to another report since."""
        return {
            "Delete": {
                "TableName": self._table,
                "Key": to_item(address(stored.owner, f"key#{key.name}")),
                "ConditionExpression": "attribute_not_exists(pk) OR report_id = :id",
                "ExpressionAttributeValues": to_item({":id": stored.report.id}),
            }
        }

    def count_up(self, new: StoredReport, quota: int) -> "TransactWriteItemTypeDef":
        """Count the report in its day; fails if the day has `quota` already."""
        update = self._count(new, {":number": 1, ":quota": quota})
        update["Update"]["ConditionExpression"] = "attribute_not_exists(reports) OR reports < :quota"
        return update

    def count_refusal(self, refused: StoredReport) -> "TransactWriteItemTypeDef":
        """Count a refused report in its day, whose quota may be used up."""
        return self._count(refused, {":number": 1})

    def count_down(self, stored: StoredReport) -> "TransactWriteItemTypeDef":
        """Remove the report from its day's count; fails if the day has none."""
        update = self._count(stored, {":number": -1, ":none": 0})
        update["Update"]["ConditionExpression"] = "reports > :none"
        return update

    def _count(self, stored: StoredReport, values: dict[str, int]) -> "TransactWriteItemTypeDef":
        created = stored.report.created_at
        expires = int((created + COUNT_LIFE).timestamp())
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item(count_address(stored.owner, created)),
                "UpdateExpression": "ADD reports :number SET expires_at = :expires",
                "ExpressionAttributeValues": to_item({**values, ":expires": expires}),
            }
        }

    def _put(self, stored: StoredReport, condition: str) -> "TransactWriteItemTypeDef":
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(row_of(stored)),
                "ConditionExpression": condition,
            }
        }
