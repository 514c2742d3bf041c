"""Which report an analysis of the database became: rows of the reports table, kept for days.

pk analysis#<id>       sk report
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from services.core.domain.stored_report import has_expired, seconds_now
from services.core.storage.rows import from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# Longer than the two days for which the database repeats a row.
LINK_LIFE = timedelta(days=3)


@dataclass(frozen=True)
class AnalysisLinks:
    """Links from analyses to reports. Every call blocks, and raises what boto3 raises."""

    dynamodb: "DynamoDBClient"
    table: str

    def report_of(self, analysis_id: str) -> str | None:
        """Return the report that an analysis became, also if that was erased since."""
        item = self.dynamodb.get_item(
            TableName=self.table, Key=to_item(_key(analysis_id)), ConsistentRead=True
        ).get("Item")
        row = from_item(item) if item else None
        return str(row["report_id"]) if row and not has_expired(row) else None

    def link(self, analysis_id: str, report_id: str) -> None:
        """Record that an analysis became a report: for LINK_LIFE it does not become another one."""
        expires_at = seconds_now() + int(LINK_LIFE.total_seconds())
        row = {**_key(analysis_id), "report_id": report_id, "expires_at": expires_at}
        self.dynamodb.put_item(TableName=self.table, Item=to_item(row))


def _key(analysis_id: str) -> dict[str, str]:
    return {"pk": f"analysis#{analysis_id}", "sk": "report"}
