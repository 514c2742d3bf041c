"""The reports table: each user's reports, idempotency keys and daily count, under one partition per user.

pk user#<subject>   sk report#<id>      a report; ids sort by time
                    sk key#<key>        the report that an idempotency key stands for
                    sk quota#<day>      how many reports the day has
A stranger's report is not refused but not found: nobody can ask under another partition.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.core.errors import KeyReused, QuotaExceeded, ReportInProgress, ReportNotFound
from services.core.report import Report, Status
from services.core.stored_report import StoredReport, address, from_item, has_expired, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

KEY_LIFE = timedelta(days=1)
QUOTA_LIFE = timedelta(days=2)
CONFLICT_TRIES = 6


@dataclass(frozen=True)
class Page:
    """Reports, newest first; `next` is the id to go on before, None on the last page."""

    reports: tuple[Report, ...]
    next: str | None


class Reports:
    """The table behind the reports. Every call blocks."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, quota_per_day: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._quota = quota_per_day

    def earlier(self, owner: str, key: str, digest: str) -> Report | None:
        """The finished report that `key` already stands for.

        Raises KeyReused when it came with other photos, ReportInProgress while it is being made.
        """
        kept = self._get(owner, f"key#{key}")
        if kept is None:
            return None
        if kept["digest"] != digest:
            raise KeyReused
        report = self.get(owner, kept["report_id"]).report
        if report.status in (Status.QUEUED, Status.RUNNING):
            raise ReportInProgress(report.id)
        return report

    def accept(self, new: StoredReport) -> None:
        """Write report, idempotency key and count of the day together, or nothing at all.

        Raises QuotaExceeded when the day is used up, ReportInProgress when another request of the same key
        was first.
        """
        created = new.report.created_at
        writes = [self._count_one(new), self._put(new, "attribute_not_exists(pk)")]
        if new.key is not None:
            writes.append(self._claim_key(new, new.key))
        failed = self._transact(writes)
        if 0 in failed:
            raise QuotaExceeded(self._quota, _seconds_to_midnight(created))
        if failed:
            raise ReportInProgress(new.report.id)

    def update(self, stored: StoredReport) -> None:
        """Replace the report's row; raises ReportNotFound when it was erased meanwhile."""
        try:
            self._dynamodb.put_item(**self._put(stored, "attribute_exists(pk)")["Put"])
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            raise ReportNotFound(stored.report.id) from error

    def fail(self, stored: StoredReport) -> None:
        """Write a failed report, and give back what it took: the day's count, and the key for a retry.

        Raises ReportNotFound when it was erased meanwhile.
        """
        writes = [self._put(stored, "attribute_exists(pk)"), self._count_one_less(stored)]
        if stored.key is not None:
            writes.append(self._delete(stored.owner, f"key#{stored.key}"))
        if self._transact(writes):
            raise ReportNotFound(stored.report.id)

    def get(self, owner: str, report_id: str) -> StoredReport:
        """One of the owner's reports, or ReportNotFound."""
        row = self._get(owner, f"report#{report_id}")
        if row is None:
            raise ReportNotFound(report_id)
        return StoredReport.from_row(owner, row)

    def page(self, owner: str, limit: int, before: str | None = None) -> Page:
        """The owner's newest `limit` reports, or those older than the report `before`."""
        answer = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues=to_item(
                # "$" is the character after "#".
                {
                    ":pk": f"user#{owner}",
                    ":first": "report#",
                    ":last": f"report#{before}" if before else "report$",
                }
            ),
            ScanIndexForward=False,
            # BETWEEN includes `before` itself, and one more tells whether others follow.
            Limit=limit + 2,
        )
        rows = [row for row in map(from_item, answer["Items"]) if not has_expired(row)]
        reports = [StoredReport.from_row(owner, row).report for row in rows]
        reports = [report for report in reports if report.id != before]
        return Page(tuple(reports[:limit]), reports[limit - 1].id if len(reports) > limit else None)

    def erase(self, stored: StoredReport) -> None:
        """Delete the report's row, and the key that led to it."""
        deletes = [self._delete(stored.owner, f"report#{stored.report.id}")]
        if stored.key is not None:
            deletes.append(self._delete(stored.owner, f"key#{stored.key}"))
        self._transact(deletes)

    def check(self) -> None:
        """Raise unless the table answers."""
        self._get("nobody", "readiness")

    def _get(self, owner: str, sk: str) -> dict[str, Any] | None:
        key = to_item(address(owner, sk))
        item = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        row = from_item(item) if item else None
        return row if row and not has_expired(row) else None

    def _transact(self, writes: Sequence["TransactWriteItemTypeDef"]) -> list[int]:
        """Write all or nothing; returns the places of the writes whose condition failed."""
        cancelled = self._dynamodb.exceptions.TransactionCanceledException
        for attempt in range(CONFLICT_TRIES):
            try:
                self._dynamodb.transact_write_items(TransactItems=writes)
            except cancelled as error:
                codes = [reason.get("Code") for reason in error.response["CancellationReasons"]]
                if "ConditionalCheckFailed" in codes:
                    return [place for place, code in enumerate(codes) if code == "ConditionalCheckFailed"]
                # Requests of one user meet at the day's count, and the SDK does not try a conflict again.
                if "TransactionConflict" not in codes or attempt == CONFLICT_TRIES - 1:
                    raise
                time.sleep(random.uniform(0.01, 0.04) * 2**attempt)  # noqa: S311 - jitter, not a secret
            else:
                return []
        raise AssertionError("unreachable")

    def _put(self, stored: StoredReport, condition: str) -> "TransactWriteItemTypeDef":
        return {
            "Put": {"TableName": self._table, "Item": to_item(stored.row()), "ConditionExpression": condition}
        }

    def _delete(self, owner: str, sk: str) -> "TransactWriteItemTypeDef":
        return {"Delete": {"TableName": self._table, "Key": to_item(address(owner, sk))}}

    def _claim_key(self, new: StoredReport, key: str) -> "TransactWriteItemTypeDef":
        created = new.report.created_at
        row = {
            **address(new.owner, f"key#{key}"),
            "report_id": new.report.id,
            "digest": new.digest,
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

    def _count_one(self, stored: StoredReport) -> "TransactWriteItemTypeDef":
        values = {":one": 1, ":quota": self._quota, ":expires": _quota_expiry(stored)}
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item(_quota_address(stored)),
                "UpdateExpression": "ADD reports :one SET expires_at = :expires",
                "ConditionExpression": "attribute_not_exists(reports) OR reports < :quota",
                "ExpressionAttributeValues": to_item(values),
            }
        }

    def _count_one_less(self, stored: StoredReport) -> "TransactWriteItemTypeDef":
        return {
            "Update": {
                "TableName": self._table,
                "Key": to_item(_quota_address(stored)),
                "UpdateExpression": "ADD reports :minus_one SET expires_at = :expires",
                "ExpressionAttributeValues": to_item({":minus_one": -1, ":expires": _quota_expiry(stored)}),
            }
        }


def _quota_address(stored: StoredReport) -> dict[str, str]:
    return address(stored.owner, f"quota#{stored.report.created_at:%Y-%m-%d}")


def _quota_expiry(stored: StoredReport) -> int:
    return int((stored.report.created_at + QUOTA_LIFE).timestamp())


def _seconds_to_midnight(now: datetime) -> int:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1, int((midnight - now).total_seconds()))
