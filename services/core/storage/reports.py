"""The reports table: each user's reports, idempotency keys and daily count, under one partition per user.

pk user#<subject>   sk report#<id>      a report; ids sort by time
                    sk key#<key>        the report of an idempotency key
                    sk quota#<day>      how many reports the day has
                    sk sight#<digest>   what the model saw on these photos, for a day
pk inference#<id>   sk failure          where an inference that no report has may write its failure, for a day
A report that has not ended has `unfinished`, its id: the key of a sparse index, which the sweep scans for
reports without a worker. A worker holds the report's lease; only the holder may end it. A report whose
erasure has started has `erasing`: no worker can hold it and it is not found, but the sweep finds it until its
erasure is complete. Another user's report is not found: every query is limited to the caller's partition.
"""

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
from services.core.domain.observation import PendingInference
from services.core.domain.report import UNFINISHED, Status
from services.core.domain.report_search import ReportSearch
from services.core.domain.stored_report import (
    LeasedReport,
    ReportRef,
    RequestKey,
    StoredReport,
    seconds_now,
)
from services.core.storage.corrections import Change, write_corrections
from services.core.storage.pages import Page, read_chosen, read_page, search_page
from services.core.storage.rows import (
    ReportWrites,
    address,
    count_address,
    from_item,
    is_erasing,
    read_row,
    stored_report,
    to_item,
)
from services.core.storage.transactions import repeat_on_conflict, transact
from services.core.trace import traceparent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# Owners that a process remembers; with more it forgets them all.
MOST_REFUSED = 10_000
# As long as the bucket keeps what an endpoint writes.
FAILURE_KEY_LIFE_S = 86_400


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
        same_contents = key.contents is not None and row.get("contents") == key.contents
        if row["digest"] != key.digest and not same_contents:
            raise KeyReused
        try:
            stored = self.get(owner, row["report_id"])
        except ReportNotFound:
            return None
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
        failed = transact(self._dynamodb, writes)
        # A request that lost its key to another one gets that one's report, also when the quota is used up.
        if failed and failed != [0]:
            raise ReportInProgress(self._report_of_key(new))
        if failed:
            self._note_refusal(new.owner, new.report.created_at.date())
            raise QuotaExceeded(self._quota, _seconds_to_midnight(new.report.created_at))

    def refuse(self, failed: StoredReport, *, counted: bool) -> bool:
        """Write a report that failed before acceptance; False if its key is assigned already.

        It is counted in its day even if that exceeds the quota.
        """
        writes = [self._writes.insert(failed)]
        if failed.key is not None:
            writes.append(self._writes.claim_key(failed, failed.key))
        if counted:
            writes.append(self._writes.count_refusal(failed))
        return not transact(self._dynamodb, writes)

    def withdraw(self, new: StoredReport) -> None:
        """Undo `accept`, also if it is unknown whether it wrote anything."""
        transact(self._dynamodb, [self._writes.remove(new)], self._given_back(new))

    def end(self, leased: LeasedReport, also: "Sequence[TransactWriteItemTypeDef]" = ()) -> None:
        """Write the ended report over its row; a failed one is not counted in its day, and its key is freed.

        `also` are unconditional writes of the same transaction. Raises ReportNotFound if the report was
        erased meanwhile, LeaseLost if another worker holds it or has ended it, and WriteRefused.
        """
        freed = self._given_back(leased) if leased.report.status == Status.FAILED else []
        if transact(self._dynamodb, [self._writes.end(leased), *also], freed):
            self._explain(leased.owner, leased.report.id)

    def get(self, owner: str, report_id: str) -> StoredReport:
        """One of the owner's reports; raises ReportNotFound."""
        row = self._get(address(owner, f"report#{report_id}"))
        if row is None or is_erasing(row):
            raise ReportNotFound(report_id)
        return stored_report(owner, row)

    def page(
        self, owner: str, limit: int, before: str | None = None, search: ReportSearch | None = None
    ) -> Page:
        """The owner's newest `limit` reports that `search` finds, older than the report `before`.

        Either may be None: then all of them, from the newest on. `read_page` and `search_page` say how many
        rows are read.
        """
        if search is None:
            return read_page(self._dynamodb, self._table, owner, limit, before)
        return search_page(self._dynamodb, self._table, owner, limit, before, search)

    def chosen(self, owner: str, ids: "Sequence[str]") -> tuple[StoredReport, ...]:
        """The owner's reports with these ids, as `read_chosen` says."""
        return read_chosen(self._dynamodb, self._table, owner, ids)

    def start_erasure(self, ref: ReportRef, *, only_resume: bool = False) -> StoredReport:
        """Take the report from its worker and its readers, and return it as its row holds it.

        From here on it is not found, and no worker can record, renew, release or end it; the rest of its
        trace is that of the erasure. With `only_resume`, only an erasure that was started before counts.
        Raises ReportNotFound.
        """
        condition = "attribute_exists(pk)" + (" AND attribute_exists(erasing)" if only_resume else "")
        change = "SET erasing = :yes, unfinished = :id, touched_at = :now"
        values: dict[str, Any] = {":yes": True, ":id": ref.report_id, ":now": seconds_now()}
        if not only_resume and (trace := traceparent()) is not None:
            change += ", traceparent = :trace"
            values[":trace"] = trace
        try:
            answer = repeat_on_conflict(
                lambda: self._dynamodb.update_item(
                    TableName=self._table,
                    Key=to_item(address(ref.owner, f"report#{ref.report_id}")),
                    UpdateExpression=f"{change} REMOVE lease, lease_until",
                    ConditionExpression=condition,
                    ExpressionAttributeValues=to_item(values),
                    ReturnValues="ALL_NEW",
                )
            )
        except self._dynamodb.exceptions.ConditionalCheckFailedException as error:
            raise ReportNotFound(ref.report_id) from error
        return stored_report(ref.owner, from_item(answer["Attributes"]))

    def correct(self, owner: str, report_id: str, change: Change) -> StoredReport:
        """Correct one of the owner's reports, as `write_corrections` says."""
        return write_corrections(self._dynamodb, self._table, owner, report_id, change)

    def delete(self, stored: StoredReport) -> None:
        """Delete the report's row, its idempotency key and the observation of its photos."""
        freed = [self._writes.free_key(stored, stored.key)] if stored.key is not None else []
        transact(self._dynamodb, self._writes.delete(stored), freed)

    def note_failure_key(self, pending: PendingInference) -> None:
        """Record where an inference writes its failure, whose notification does not say so."""
        if pending.inference_id is None or pending.failure_key is None:
            return
        row = {
            **_failure_address(pending.inference_id),
            "failure_key": pending.failure_key,
            "expires_at": pending.at + FAILURE_KEY_LIFE_S,
        }
        self._dynamodb.put_item(TableName=self._table, Item=to_item(row))

    def noted_failure_key(self, inference_id: str) -> str | None:
        """Return what `note_failure_key` recorded of an inference; None if nothing."""
        row = self._get(_failure_address(inference_id))
        return str(row["failure_key"]) if row is not None else None

    def forget_failure_key(self, inference_id: str) -> None:
        """Delete what `note_failure_key` recorded of an inference."""
        self._dynamodb.delete_item(TableName=self._table, Key=to_item(_failure_address(inference_id)))

    def probe(self) -> None:
        """Raise what boto3 raises unless the table answers."""
        self._get(address("readiness", "probe"))

    def _given_back(self, stored: StoredReport) -> "list[TransactWriteItemTypeDef]":
        """What a report without a result gives back: its place in the day, and its idempotency key."""
        freed = [self._writes.free_key(stored, stored.key)] if stored.key is not None else []
        return [self._writes.count_down(stored), *freed]

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


def _seconds_to_midnight(now: datetime) -> int:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1, int((midnight - now).total_seconds()))


def _failure_address(inference_id: str) -> dict[str, str]:
    return {"pk": f"inference#{inference_id}", "sk": "failure"}
