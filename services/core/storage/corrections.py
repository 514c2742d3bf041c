"""The owner's corrections of a report: an attribute of its row beside the report, which stays as it was."""

import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from services.core.domain.corrections import GivenCorrections, corrected
from services.core.domain.errors import ReportNotCorrectable, ReportNotFound
from services.core.domain.report import UNFINISHED, Status
from services.core.domain.stored_report import StoredReport
from services.core.storage.rows import address, is_erasing, read_row, stored_report, to_item
from services.core.storage.transactions import repeat_on_conflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

TRIES = 20
UNFINISHED_RETRY_S = 5
# Of the report as it was made and its corrections so far, the corrections from now on; None for none.
Change = Callable[[StoredReport, GivenCorrections | None], GivenCorrections | None]


def write_corrections(
    dynamodb: "DynamoDBClient", table: str, owner: str, report_id: str, change: Change
) -> StoredReport:
    """Store what `change` makes of a report's corrections; return the corrected report.

    Corrections that are written at the same time are kept: `change` is called again with them. Raises
    ReportNotFound, or ReportNotCorrectable unless the report has succeeded.
    """
    key = address(owner, f"report#{report_id}")
    for attempt in range(TRIES):
        row = read_row(dynamodb, table, key)
        if row is None or is_erasing(row):
            raise ReportNotFound(report_id)
        before = row.pop("corrections", None)
        stored = stored_report(owner, row)
        if stored.report.status != Status.SUCCEEDED:
            wait_s = UNFINISHED_RETRY_S if stored.report.status in UNFINISHED else None
            only = "only a succeeded report can be corrected or worded again"
            reason = f"{only}; this one is {stored.report.status}"
            raise ReportNotCorrectable(reason, wait_s)
        given = change(stored, GivenCorrections.model_validate_json(before) if before else None)
        after = given.model_dump_json(exclude_defaults=True) if given else None
        if after == before or _replace(dynamodb, table, key, before, after):
            return replace(stored, report=corrected(stored.report, given)) if given else stored
        time.sleep(random.uniform(0.0, 0.02) * (attempt + 1))  # noqa: S311 - jitter, not a secret
    raise ReportNotCorrectable("other corrections of this report are being written; try again", 1)


def _replace(
    dynamodb: "DynamoDBClient", table: str, key: dict[str, str], before: str | None, after: str | None
) -> bool:
    unchanged = "corrections = :before" if before else "attribute_not_exists(corrections)"
    values = {":before": before, ":after": after, ":succeeded": Status.SUCCEEDED.value}
    try:
        repeat_on_conflict(
            lambda: dynamodb.update_item(
                TableName=table,
                Key=to_item(key),
                UpdateExpression="SET corrections = :after" if after else "REMOVE corrections",
                ConditionExpression=f"#status = :succeeded AND attribute_not_exists(erasing) AND {unchanged}",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues=to_item(values),
            )
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True
