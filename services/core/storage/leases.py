"""The lease of a report: taken, renewed, released; and the reports that no worker holds."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from services.core.domain.errors import LeaseHeld, ReportEnded, ReportNotFound
from services.core.domain.observation import PendingInference
from services.core.domain.report import UNFINISHED, Stage
from services.core.domain.stored_report import (
    Lease,
    LeasedReport,
    ReportRef,
    StoredReport,
    seconds_now,
)
from services.core.domain.timing import PRODUCTION
from services.core.storage.rows import (
    HELD,
    address,
    from_item,
    is_erasing,
    pending_row,
    stored_report,
    to_item,
)
from services.core.storage.transactions import repeat_on_conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

INDEX = "unfinished"
_FREE = "attribute_not_exists(lease_until) OR lease_until < :now"


@dataclass(frozen=True)
class Idle:
    """An unfinished report that no worker holds, not written since `since`, in seconds since 1970."""

    ref: ReportRef
    since: int


class Leases:
    """The lease attributes of the reports table. Every call blocks.

    All but `new_lease` raise ReportNotFound if the report was erased, ReportEnded if it has ended, and
    LeaseHeld if another worker holds it.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str, lease_s: int = PRODUCTION.lease_s) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._lease_s = lease_s

    def new_lease(self) -> Lease:
        """A lease of a new holder, from now on; written by the caller."""
        return Lease(secrets.token_hex(8), seconds_now() + self._lease_s)

    def take(self, ref: ReportRef, stage: Stage = "model") -> LeasedReport:
        """Hold the report for `lease_s` seconds; its owner reads `stage` as the one at work."""
        lease = self.new_lease()
        values = {":holder": lease.holder, ":until": lease.until, ":now": seconds_now(), ":stage": stage}
        stored = self._update(
            ref,
            "SET lease = :holder, lease_until = :until, touched_at = :now, stage = :stage",
            f"attribute_exists({INDEX}) AND attribute_not_exists(erasing) AND ({_FREE})",
            values,
        )
        return stored.leased(lease)

    def renew(self, leased: LeasedReport, stage: Stage | None = None) -> LeasedReport:
        """Hold the report for `lease_s` seconds from now; None leaves the stage that its owner reads."""
        lease = replace(leased.lease, until=seconds_now() + self._lease_s)
        change = "SET lease_until = :until"
        values: dict[str, Any] = {":until": lease.until, ":holder": lease.holder}
        if stage is not None:
            change += ", stage = :stage"
            values[":stage"] = stage
        self._update(leased.ref, change, HELD, values)
        return replace(leased, lease=lease)

    def is_due(self, leased: LeasedReport) -> bool:
        """Whether less than half of `lease_s` is left, so that the lease should be renewed; makes no call."""
        return leased.lease.until < seconds_now() + self._lease_s // 2

    def release(self, leased: LeasedReport, why: str | None) -> None:
        """Let other workers take the report now; its owner reads `why` as the reason that it waits.

        None keeps the reason. The row keeps the pending inference of `leased`, if any, its count of invalid
        answers and its last fault.
        """
        change = "SET touched_at = :now, invalid_answers = :invalid"
        values: dict[str, Any] = {
            ":now": seconds_now(),
            ":invalid": leased.invalid_answers,
            ":holder": leased.lease.holder,
        }
        if why is not None:
            change += ", waiting = :why"
            values[":why"] = why
        if leased.fault is not None:
            change += ", fault = :fault"
            values[":fault"] = leased.fault
        change += " REMOVE lease, lease_until"
        if leased.pending is None:
            change += ", asked"
        self._update(leased.ref, change, HELD, values)

    def record_inference(self, leased: LeasedReport, pending: PendingInference) -> None:
        """Write the pending inference and release the report to the worker that gets its answer."""
        change = "SET asked = :asked, attempts = :attempts, touched_at = :now REMOVE lease, lease_until"
        values = {
            ":asked": pending_row(pending),
            ":attempts": pending.attempt,
            ":now": seconds_now(),
            ":holder": leased.lease.holder,
        }
        self._update(leased.ref, change, HELD, values)

    def touch(self, idle: Idle) -> StoredReport | None:
        """Record that a message was sent for an idle report; None if the report has changed meanwhile."""
        try:
            return self._update(
                idle.ref,
                "SET touched_at = :now",
                f"attribute_exists({INDEX}) AND touched_at = :since AND ({_FREE})",
                {":now": seconds_now(), ":since": idle.since},
            )
        except (ReportNotFound, ReportEnded, LeaseHeld):
            return None

    def owner_of(self, report_id: str) -> str | None:
        """The owner of an unfinished report; None for all others. The index is eventually consistent."""
        found = self._dynamodb.query(
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression=f"{INDEX} = :id",
            ExpressionAttributeValues=to_item({":id": report_id}),
        )["Items"]
        return from_item(found[0])["pk"].removeprefix("user#") if found else None

    def idle(self, for_s: int) -> Iterator[Idle]:
        """The reports that no worker holds and that were not written for `for_s` seconds.

        Among them are those whose erasure stopped half-way.
        """
        now = seconds_now()
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._table,
            IndexName=INDEX,
            FilterExpression=f"touched_at < :since AND ({_FREE})",
            ExpressionAttributeValues=to_item({":since": now - for_s, ":now": now}),
        )
        for page in pages:
            for item in page["Items"]:
                row = from_item(item)
                ref = ReportRef(row["pk"].removeprefix("user#"), row["sk"].removeprefix("report#"))
                yield Idle(ref, int(row["touched_at"]))

    def _update(self, ref: ReportRef, change: str, condition: str, values: dict[str, Any]) -> StoredReport:
        failed = self._dynamodb.exceptions.ConditionalCheckFailedException
        try:
            answer = repeat_on_conflict(
                lambda: self._dynamodb.update_item(
                    TableName=self._table,
                    Key=to_item(address(ref.owner, f"report#{ref.report_id}")),
                    UpdateExpression=change,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=to_item(values),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            )
        except failed as error:
            row: dict[str, Any] | None = cast("Any", error.response).get("Item")
            if not row or is_erasing(row):
                raise ReportNotFound(ref.report_id) from error
            found = stored_report(ref.owner, from_item(row))
            if found.report.status not in UNFINISHED:
                raise ReportEnded(ref.report_id) from error
            raise LeaseHeld(ref.report_id, found.lease.until if found.lease else seconds_now()) from error
        return stored_report(ref.owner, from_item(answer["Attributes"]))
