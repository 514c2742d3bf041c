"""Who works on a report: taken for a while, prolonged, given back; and what nobody works on."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from services.core.domain.errors import LeaseHeld, ReportEnded, ReportNotFound
from services.core.domain.report import UNFINISHED
from services.core.domain.stored_report import (
    Lease,
    PendingInference,
    StoredReport,
    address,
    pending_row,
    seconds_now,
)
from services.core.storage.report_writes import HELD
from services.core.storage.rows import from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

INDEX = "unfinished"
# Longer than a call of the model (60 s), the wording after it and the writes take together.
LEASE_S = 90
_FREE = "attribute_not_exists(lease_until) OR lease_until < :now"


@dataclass(frozen=True)
class Idle:
    """A report that has not ended, and that nobody works on; since when, in seconds since 1970."""

    owner: str
    report_id: str
    since: int


def new_lease() -> Lease:
    """A lease from now on, of a holder that is nobody else."""
    return Lease(secrets.token_hex(8), seconds_now() + LEASE_S)


class Leases:
    """Over the reports table. Every call blocks."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def take(self, owner: str, report_id: str) -> StoredReport:
        """Hold the report for LEASE_S seconds.

        Raises ReportNotFound when it was erased, ReportEnded when there is nothing to do, ReportTaken while
        another holds it.
        """
        lease = new_lease()
        return self._update(
            owner,
            report_id,
            "SET lease = :holder, lease_until = :until, touched_at = :now",
            f"attribute_exists({INDEX}) AND ({_FREE})",
            {":holder": lease.holder, ":until": lease.until, ":now": seconds_now()},
        )

    def renew(self, held: StoredReport) -> StoredReport:
        """Hold the report for LEASE_S more seconds from now; raises as `take` does."""
        lease = self._lease(held)
        until = seconds_now() + LEASE_S
        change = "SET lease_until = :until"
        self._update(held.owner, held.report.id, change, HELD, {":until": until, ":holder": lease.holder})
        return replace(held, lease=Lease(lease.holder, until))

    def release(self, held: StoredReport, why: str) -> None:
        """Let others take the report now, and its owner know why nobody has it; raises as `take` does."""
        change = "SET touched_at = :now, waiting = :why REMOVE lease, lease_until"
        values = {":now": seconds_now(), ":why": why, ":holder": self._lease(held).holder}
        self._update(held.owner, held.report.id, change, HELD, values)

    def record_inference(self, held: StoredReport, asked: PendingInference) -> None:
        """Note what the endpoint was asked, and let whoever hears its answer go on; raises as `take` does."""
        change = "SET asked = :asked, touched_at = :now REMOVE lease, lease_until"
        values = {":asked": pending_row(asked), ":now": seconds_now(), ":holder": self._lease(held).holder}
        self._update(held.owner, held.report.id, change, HELD, values)

    def touch(self, idle: Idle) -> bool:
        """Note that somebody was told of an idle report; False when it has moved on by itself meanwhile."""
        try:
            self._update(
                idle.owner,
                idle.report_id,
                "SET touched_at = :now",
                f"attribute_exists({INDEX}) AND touched_at = :since AND ({_FREE})",
                {":now": seconds_now(), ":since": idle.since},
            )
        except (ReportNotFound, ReportEnded, LeaseHeld):
            return False
        return True

    def owner_of(self, report_id: str) -> str | None:
        """Whose the unfinished report is; None for all others. The index may be a moment behind."""
        found = self._dynamodb.query(
            TableName=self._table,
            IndexName=INDEX,
            KeyConditionExpression=f"{INDEX} = :id",
            ExpressionAttributeValues=to_item({":id": report_id}),
        )["Items"]
        return from_item(found[0])["pk"].removeprefix("user#") if found else None

    def idle(self, for_s: int) -> Iterator[Idle]:
        """The reports that nobody has touched for so many seconds, and nobody holds."""
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
                yield Idle(
                    row["pk"].removeprefix("user#"),
                    row["sk"].removeprefix("report#"),
                    int(row["touched_at"]),
                )

    def _lease(self, held: StoredReport) -> Lease:
        if held.lease is None:
            raise ValueError(f"report {held.report.id} is not held by anybody")
        return held.lease

    def _update(
        self, owner: str, report_id: str, change: str, condition: str, values: dict[str, Any]
    ) -> StoredReport:
        failed = self._dynamodb.exceptions.ConditionalCheckFailedException
        try:
            answer = self._dynamodb.update_item(
                TableName=self._table,
                Key=to_item(address(owner, f"report#{report_id}")),
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeValues=to_item(values),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except failed as error:
            row: dict[str, Any] | None = cast("Any", error.response).get("Item")
            if not row:
                raise ReportNotFound(report_id) from error
            found = StoredReport.from_row(owner, from_item(row))
            if found.report.status not in UNFINISHED:
                raise ReportEnded(report_id) from error
            raise LeaseHeld(report_id, found.lease.until if found.lease else seconds_now()) from error
        return StoredReport.from_row(owner, from_item(answer["Attributes"]))
