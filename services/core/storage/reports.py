"""The reports table: each user's reports, idempotency keys and daily count, under one partition per user.

pk user#<subject>   sk report#<id>      a report; ids sort by time
                    sk key#<key>        the report of an idempotency key
                    sk quota#<day>      how many reports the day has
                    sk sight#<digest>   what the model saw on these photos, for a day
A report that has not ended has `unfinished`, its id: the key of a sparse index, which the sweep scans for
reports without a worker. A worker holds the report's lease; only the holder may end it. Another user's report
is not found: every query is limited to the caller's partition.
"""

import json
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from services.core.domain.errors import (
    KeyReused,
    LeaseHeld,
    QuotaExceeded,
    ReportEnded,
    ReportInProgress,
    ReportNotFound,
)
from services.core.domain.observation import Observation
from services.core.domain.report import UNFINISHED, Status
from services.core.domain.stored_report import LeasedReport, RequestKey, StoredReport, seconds_now
from services.core.storage.rows import (
    ReportWrites,
    address,
    count_address,
    from_item,
    has_expired,
    read_row,
    stored_report,
    to_item,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

CONFLICT_TRIES = 6
# Owners that a process remembers; with more it forgets them all.
MOST_REFUSED = 10_000
OBSERVATION_LIFE = timedelta(days=1)


@dataclass(frozen=True)
class Page:
    """Reports, newest first; `next` is the id to go on before, None on the last page."""

    reports: tuple[StoredReport, ...]
    next: str | None


class Reports:
    """The reports table. Every call blocks."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, quota_per_day: int) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._quota = quota_per_day
        # The owners of whom `accept` refused a report, with the day.
        self._refused: dict[str, date] = {}
        self._writes = ReportWrites(table)

    def earlier(self, owner: str, key: RequestKey) -> StoredReport | None:
        """The report that `key` is assigned to, ended or not; None if there is none, or it has failed.

        Raises KeyReused if the key came with other photos.
        """
        row = self._get(address(owner, f"key#{key.name}"))
        if row is None:
            return None
        if row["digest"] != key.digest:
            raise KeyReused
        stored = self.get(owner, row["report_id"])
        return stored if stored.report.status != Status.FAILED else None

    def check_quota(self, owner: str) -> None:
        """Raise QuotaExceeded if the owner has no report left today; only `accept` counts."""
        now = datetime.now(UTC)
        count = self._get(count_address(owner, now))
        if count is not None and count["reports"] >= self._quota:
            raise QuotaExceeded(self._quota, _seconds_to_midnight(now))

    def was_refused(self, owner: str) -> bool:
        """Whether `accept` of this process has refused the owner a report today; makes no call."""
        return self._refused.get(owner) == datetime.now(UTC).date()

    def accept(self, new: StoredReport) -> None:
        """Write the report, its idempotency key and the count of the day in one transaction.

        Raises QuotaExceeded if the owner has no report left today, ReportInProgress if another request with
        the same key was first.
        """
        writes = [self._writes.count_up(new, self._quota), self._writes.insert(new)]
        if new.key is not None:
            writes.append(self._writes.claim_key(new, new.key))
        failed = self._transact(writes)
        if 0 in failed:
            self._note_refusal(new.owner, new.report.created_at.date())
            raise QuotaExceeded(self._quota, _seconds_to_midnight(new.report.created_at))
        if failed:
            raise ReportInProgress(self._report_of_key(new))

    def refuse(self, failed: StoredReport) -> bool:
        """Write a report that failed before acceptance, uncounted; False if its key is assigned already."""
        writes = [self._writes.insert(failed)]
        if failed.key is not None:
            writes.append(self._writes.claim_key(failed, failed.key))
        return not self._transact(writes)

    def withdraw(self, new: StoredReport) -> None:
        """Undo `accept`, also if it is unknown whether it wrote anything."""
        writes = [self._writes.remove(new), self._writes.count_down(new)]
        if new.key is not None:
            writes.append(self._writes.free_key(new, new.key))
        self._transact(writes)

    def end(self, leased: LeasedReport) -> None:
        """Write the ended report over its row; a failed one is not counted in its day, and its key is freed.

        Raises ReportNotFound if it was erased meanwhile, LeaseLost if another worker holds it or has ended
        it.
        """
        writes = [self._writes.end(leased)]
        if leased.report.status == Status.FAILED:
            writes.append(self._writes.count_down(leased))
            if leased.key is not None:
                writes.append(self._writes.free_key(leased, leased.key))
        if 0 in self._transact(writes):
            self._explain(leased.owner, leased.report.id)

    def get(self, owner: str, report_id: str) -> StoredReport:
        """One of the owner's reports; raises ReportNotFound."""
        row = self._get(address(owner, f"report#{report_id}"))
        if row is None:
            raise ReportNotFound(report_id)
        return stored_report(owner, row)

    def page(self, owner: str, limit: int, before: str | None = None) -> Page:
        """The owner's newest `limit` reports, or those older than the report `before`.

        Expired reports are left out, so a page may hold fewer than `limit` and still have a next.
        """
        answer = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :report)",
            ExpressionAttributeValues=to_item({":pk": f"user#{owner}", ":report": "report#"}),
            ScanIndexForward=False,
            # "~" comes after every id.
            ExclusiveStartKey=to_item(address(owner, f"report#{before or '~'}")),
            # One more tells whether others follow.
            Limit=limit + 1,
        )
        rows = [from_item(item) for item in answer["Items"]]
        reports = [stored_report(owner, row) for row in rows[:limit] if not has_expired(row)]
        return Page(
            tuple(reports), rows[limit - 1]["sk"].removeprefix("report#") if len(rows) > limit else None
        )

    def delete(self, stored: StoredReport) -> None:
        """Delete the report's row and its idempotency key."""
        if stored.key is not None:
            self._transact([self._writes.free_key(stored, stored.key)])
        key = to_item(address(stored.owner, f"report#{stored.report.id}"))
        self._dynamodb.delete_item(TableName=self._table, Key=key)

    def probe(self) -> None:
        """Raise what boto3 raises unless the table answers."""
        self._get(address("readiness", "probe"))

    def _note_refusal(self, owner: str, day: date) -> None:
        if len(self._refused) >= MOST_REFUSED:
            self._refused = {}
        self._refused[owner] = day

    def _explain(self, owner: str, report_id: str) -> NoReturn:
        found = self.get(owner, report_id)
        if found.report.status not in UNFINISHED:
            raise ReportEnded(report_id)
        raise LeaseHeld(report_id, found.lease.until if found.lease else seconds_now())

    def _get(self, primary_key: dict[str, str]) -> dict[str, Any] | None:
        return read_row(self._dynamodb, self._table, primary_key)

    def _report_of_key(self, new: StoredReport) -> str | None:
        row = self._get(address(new.owner, f"key#{new.key.name}")) if new.key else None
        return row["report_id"] if row else None

    def _transact(self, writes: Sequence["TransactWriteItemTypeDef"]) -> list[int]:
        """Write all or nothing; returns the indexes of the writes whose condition failed."""
        cancelled = self._dynamodb.exceptions.TransactionCanceledException
        for attempt in range(CONFLICT_TRIES):
            try:
                self._dynamodb.transact_write_items(TransactItems=writes)
            except cancelled as error:
                codes = [reason.get("Code") for reason in error.response["CancellationReasons"]]
                if "ConditionalCheckFailed" in codes:
                    return [place for place, code in enumerate(codes) if code == "ConditionalCheckFailed"]
                # Requests of one user conflict at the count of the day, and the SDK does not retry conflicts.
                if "TransactionConflict" not in codes or attempt == CONFLICT_TRIES - 1:
                    raise
                time.sleep(random.uniform(0.01, 0.04) * 2**attempt)  # noqa: S311 - jitter, not a secret
            else:
                return []
        raise AssertionError("unreachable")


def _seconds_to_midnight(now: datetime) -> int:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1, int((midnight - now).total_seconds()))


@dataclass(frozen=True)
class VisionCache:
    """Observations, kept for a day: the same photos of the same user are not sent to the model twice.

    Every call blocks.
    """

    dynamodb: "DynamoDBClient"
    table: str

    def get(self, stored: StoredReport) -> Observation | None:
        """The observation of the same photos of the same owner, or None if there is none of the last day."""
        if stored.photos_digest is None:
            return None
        key = address(stored.owner, f"sight#{stored.photos_digest}")
        if (row := read_row(self.dynamodb, self.table, key, consistent=False)) is None:
            return None
        values = json.loads(row["sight"])
        return Observation(**values | {"wear": tuple(values["wear"])})

    def put(self, stored: StoredReport, observation: Observation) -> None:
        """Store the observation of the report's photos."""
        if stored.photos_digest is not None:
            row = address(stored.owner, f"sight#{stored.photos_digest}") | {
                "report_id": stored.report.id,
                "sight": json.dumps(asdict(observation)),
                "expires_at": seconds_now() + int(OBSERVATION_LIFE.total_seconds()),
            }
            self.dynamodb.put_item(TableName=self.table, Item=to_item(row))

    def delete(self, stored: StoredReport) -> None:
        """Delete the observation of the report's photos, also if another report stored it."""
        if stored.photos_digest is not None:
            key = to_item(address(stored.owner, f"sight#{stored.photos_digest}"))
            self.dynamodb.delete_item(TableName=self.table, Key=key)
