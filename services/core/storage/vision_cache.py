"""What the model saw on photos, kept for a day: the same user's same photos are not paid for twice."""

import json
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from services.core.domain.observation import Observation
from services.core.domain.stored_report import StoredReport, address, has_expired, seconds_now
from services.core.storage.rows import from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

LIFE = timedelta(days=1)


class VisionCache:
    """Over the reports table, in the owner's own partition. Every call blocks."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def known(self, stored: StoredReport) -> Observation | None:
        """What the model saw on these very photos of the same owner, within a day."""
        if stored.photos_digest is None:
            return None
        key = to_item(address(stored.owner, f"sight#{stored.photos_digest}"))
        item = self._dynamodb.get_item(TableName=self._table, Key=key).get("Item")
        row = from_item(item) if item else None
        if row is None or has_expired(row):
            return None
        seen = json.loads(row["sight"])
        return Observation(**seen | {"wear": tuple(seen["wear"])})

    def keep(self, stored: StoredReport, observation: Observation) -> None:
        """Keep what the model saw for the report's photos."""
        if stored.photos_digest is not None:
            row = address(stored.owner, f"sight#{stored.photos_digest}") | {
                "report_id": stored.report.id,
                "sight": json.dumps(asdict(observation)),
                "expires_at": seconds_now() + int(LIFE.total_seconds()),
            }
            self._dynamodb.put_item(TableName=self._table, Item=to_item(row))

    def forget(self, stored: StoredReport) -> None:
        """Delete what was seen on the report's photos, whichever report it was seen for."""
        if stored.photos_digest is not None:
            key = to_item(address(stored.owner, f"sight#{stored.photos_digest}"))
            self._dynamodb.delete_item(TableName=self._table, Key=key)
