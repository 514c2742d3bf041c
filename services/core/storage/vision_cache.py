"""What the model saw on a user's photos, kept for a day: rows `sight#<digest>` of the reports table."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from catalogue import Catalogue
from services.core.domain.observation import Observation
from services.core.domain.stored_report import StoredReport, seconds_now
from services.core.storage.rows import observation_address, read_row, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

OBSERVATION_LIFE = timedelta(days=1)
_OBSERVATION = TypeAdapter(Observation)


@dataclass(frozen=True)
class VisionCache:
    """Observations by photos: the same photos of the same user are not sent to the model twice.

    Those that were made with another catalogue, other departments or other parts of the photos count as none.
    """

    dynamodb: "DynamoDBClient"
    table: str
    catalogue: Catalogue
    wear_tiles: int = 0

    def get(self, stored: StoredReport) -> Observation | None:
        """The observation of the same photos of the same owner, or None if there is none of the last day.

        Blocks.
        """
        if stored.photos_digest is None:
            return None
        key = observation_address(stored.owner, stored.photos_digest)
        if (row := read_row(self.dynamodb, self.table, key, consistent=False)) is None:
            return None
        if row.get("question") != self._question():
            return None
        try:
            return _OBSERVATION.validate_json(row["sight"], strict=True)
        except ValidationError:
            # Of another form: the model is asked again.
            return None

    def put(self, stored: StoredReport, observation: Observation) -> "list[TransactWriteItemTypeDef]":
        """The write that stores the observation of the report's photos, for the report's own end.

        Written in the transaction that ends the report, it cannot outlive the erasure of that report.
        """
        if stored.photos_digest is None:
            return []
        row = observation_address(stored.owner, stored.photos_digest) | {
            "report_id": stored.report.id,
            "question": self._question(),
            "sight": _OBSERVATION.dump_json(observation).decode(),
            "expires_at": seconds_now() + int(OBSERVATION_LIFE.total_seconds()),
        }
        return [{"Put": {"TableName": self.table, "Item": to_item(row)}}]

    def _question(self) -> str:
        """What was asked about the photos; a row of another value is no answer to that."""
        return f"{self.catalogue.version} {self.wear_tiles} {','.join(self.catalogue.departments)}"
