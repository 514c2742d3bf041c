"""What the hooks remember, as rows of the reports table: webhooks taken, and the reports that came of them.

pk hook#<webhook-id>   sk hook     a webhook: for seconds while it is being queued, for minutes once it is
pk analysis#<id>       sk report   the report that an analysis became, for days
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from services.core.domain.errors import VitrineError
from services.core.domain.stored_report import has_expired, seconds_now
from services.core.storage.rows import from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# Longer than an answer takes. Whoever dies while queueing leaves the webhook to the next who is sent it.
CLAIM_LIFE = timedelta(seconds=10)
# Longer than a signature is good for, from 5 minutes before its time to 5 minutes after. What is signed anew
# later is taken again: the database repeats what has had no report for long, and the queue's message may have
# been set aside by then.
TAKEN_LIFE = timedelta(minutes=15)
# Longer than the database repeats a row: two days.
REPORT_LIFE = timedelta(days=3)


class BeingTaken(VitrineError):
    """The same webhook is being queued right now, or its taker has died: whether it will be is not known."""

    def __init__(self, webhook_id: str) -> None:
        super().__init__(f"{webhook_id} is being taken; send it again shortly")
        self.webhook_id = webhook_id


@dataclass(frozen=True)
class AnalysisLinks:
    """Every call blocks, and raises what boto3 raises."""

    dynamodb: "DynamoDBClient"
    table: str

    def claim(self, webhook_id: str) -> bool:
        """Claim a webhook for CLAIM_LIFE; False when it was queued already. Raises BeingTaken."""
        row = {**_webhook(webhook_id), "queued": False, "expires_at": _after(CLAIM_LIFE)}
        try:
            self.dynamodb.put_item(
                TableName=self.table,
                Item=to_item(row),
                # The table's own clean-up is late by hours.
                ConditionExpression="attribute_not_exists(pk) OR expires_at < :now",
                ExpressionAttributeValues=to_item({":now": seconds_now()}),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException as error:
            known: dict[str, Any] = from_item(cast("dict[str, Any]", error.response).get("Item", {}))
            if not known.get("queued"):
                raise BeingTaken(webhook_id) from error
            return False
        return True

    def keep(self, webhook_id: str) -> None:
        """The claimed webhook is queued: it is not taken again for TAKEN_LIFE."""
        row = {**_webhook(webhook_id), "queued": True, "expires_at": _after(TAKEN_LIFE)}
        self.dynamodb.put_item(TableName=self.table, Item=to_item(row))

    def free(self, webhook_id: str) -> None:
        """The claimed webhook was not queued: the next who is sent it may take it."""
        self.dynamodb.delete_item(TableName=self.table, Key=to_item(_webhook(webhook_id)))

    def report_of(self, analysis_id: str) -> str | None:
        """The report that an analysis became, whatever has become of that since."""
        item = self.dynamodb.get_item(
            TableName=self.table, Key=to_item(_analysis(analysis_id)), ConsistentRead=True
        ).get("Item")
        row = from_item(item) if item else None
        return str(row["report_id"]) if row and not has_expired(row) else None

    def became(self, analysis_id: str, report_id: str) -> None:
        """An analysis has become a report: it does not become another one for REPORT_LIFE."""
        row = {**_analysis(analysis_id), "report_id": report_id, "expires_at": _after(REPORT_LIFE)}
        self.dynamodb.put_item(TableName=self.table, Item=to_item(row))


def _after(life: timedelta) -> int:
    return seconds_now() + int(life.total_seconds())


def _webhook(webhook_id: str) -> dict[str, str]:
    return {"pk": f"hook#{webhook_id}", "sk": "hook"}


def _analysis(analysis_id: str) -> dict[str, str]:
    return {"pk": f"analysis#{analysis_id}", "sk": "report"}
