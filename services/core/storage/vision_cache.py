"""Observations, kept for a day: the same photos of the same user are not sent to the model twice."""

import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from services.core.domain.observation import Observation
from services.core.domain.stored_report import StoredReport, seconds_now
from services.core.storage.rows import address, read_row, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

LIFE = timedelta(days=1)


@dataclass(frozen=True)
class VisionCache:
    """Rows of the reports table, in the owner's own partition. Every call blocks."""

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
                "expires_at": seconds_now() + int(LIFE.total_seconds()),
            }
            self.dynamodb.put_item(TableName=self.table, Item=to_item(row))

    def delete(self, stored: StoredReport) -> None:
        """Delete the observation of the report's photos, also if another report stored it."""
        if stored.photos_digest is not None:
            key = to_item(address(stored.owner, f"sight#{stored.photos_digest}"))
            self.dynamodb.delete_item(TableName=self.table, Key=key)
