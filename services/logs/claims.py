"""The table by which each event is written once: who claimed an event's id, and how far an object is written.

event#<id>      the object whose event it is; another object's event of that id is a duplicate
object#<key>    `begun` and `ended`, each a number of batches: one that began and did not end may be written
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from services.core.storage.transactions import transact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

# A drain sends an event again within seconds, if at all.
CLAIM_LIFE = timedelta(hours=24)
# Longer than an object, and than the dead letter of one that can still be written.
PROGRESS_LIFE = timedelta(days=8)
# DynamoDB's limit of one transaction.
_MOST_AT_ONCE = 100
_FREE = "attribute_not_exists(pk) OR expires_at < :now OR holder = :holder"


class Progress(NamedTuple):
    """How many batches of an object began to be written, and how many ended."""

    begun: int = 0
    ended: int = 0

    def may_be_written(self, batch: int) -> bool:
        """Whether a batch, counted from 0, began and did not end."""
        return self.ended <= batch < self.begun


@dataclass(frozen=True)
class Claims:
    """The rows of the table. Every call blocks, and raises what boto3 raises."""

    dynamodb: "DynamoDBClient"
    table: str

    def claim(self, ids: Iterable[str], holder: str) -> set[str]:
        """Claim ids for an object; return those that are its own, now or since an earlier attempt."""
        own: set[str] = set()
        remaining = iter(ids)
        while chunk := list(islice(remaining, _MOST_AT_ONCE)):
            # None of a transaction is written while another object holds one of its ids.
            while chunk and (held := self._claim(chunk, holder)):
                chunk = [each for place, each in enumerate(chunk) if place not in held]
            own.update(chunk)
        return own

    def progress(self, key: str) -> Progress:
        """Return how far an object is written."""
        found = self.dynamodb.get_item(TableName=self.table, Key=_object(key), ConsistentRead=True)
        row = found.get("Item", {})
        return Progress(*(int(row[name]["N"]) if name in row else 0 for name in Progress._fields))

    def begin(self, key: str, batch: int) -> None:
        """Record that a batch, counted from 0, is about to be written."""
        self._record(key, "begun", batch + 1)

    def take_back(self, key: str, batch: int) -> None:
        """Record that a batch, counted from 0, that began is certainly not written."""
        self._record(key, "begun", batch)

    def end(self, key: str, batch: int) -> None:
        """Record that a batch, counted from 0, needs no more writing."""
        self._record(key, "ended", batch + 1)

    def _claim(self, ids: Sequence[str], holder: str) -> set[int]:
        now = int(time.time())
        values = {":now": {"N": str(now)}, ":holder": {"S": holder}}
        expires_at = {"N": str(now + int(CLAIM_LIFE.total_seconds()))}
        writes: list[TransactWriteItemTypeDef] = [
            {
                "Put": {
                    "TableName": self.table,
                    "Item": {"pk": {"S": f"event#{each}"}, "holder": {"S": holder}, "expires_at": expires_at},
                    "ConditionExpression": _FREE,
                    "ExpressionAttributeValues": values,
                }
            }
            for each in ids
        ]
        return set(transact(self.dynamodb, writes))

    def _record(self, key: str, name: str, batches: int) -> None:
        expires_at = int(time.time()) + int(PROGRESS_LIFE.total_seconds())
        self.dynamodb.update_item(
            TableName=self.table,
            Key=_object(key),
            UpdateExpression=f"SET {name} = :batches, expires_at = :expires",
            ExpressionAttributeValues={":batches": {"N": str(batches)}, ":expires": {"N": str(expires_at)}},
        )


def _object(key: str) -> dict[str, Any]:
    return {"pk": {"S": f"object#{key}"}}
