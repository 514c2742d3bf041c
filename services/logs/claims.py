"""The table by which each event is written once: who claimed an event's id, and how far an object is written.

event#<id>      the object whose event it is; another object's event of that id is a duplicate
object#<key>    `begun` and `ended`, each a set of batches by number; `attempt`, the last one to begin a batch

A batch that began and did not end may be written. Attempts at one object may run at once: now and then SQS
delivers a message to two writers.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

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
    """Which batches of an object began to be written, and which need no more writing."""

    begun: frozenset[int] = frozenset()
    ended: frozenset[int] = frozenset()


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
        return _progress(found.get("Item", {}))

    def begin(self, key: str, batch: int, attempt: str) -> Progress:
        """Record that an attempt is about to write a batch; return the progress until then.

        Of two attempts that begin a batch, the later one is told that it began.
        """
        return _progress(self._add(key, "begun", batch, {"attempt": {"S": attempt}}))

    def take_back(self, key: str, batch: int, attempt: str) -> None:
        """Record that a batch that this attempt alone began is certainly not written.

        Has no effect where another attempt began one since: it may be writing this one.
        """
        try:
            self.dynamodb.update_item(
                TableName=self.table,
                Key=_object(key),
                UpdateExpression="DELETE begun :batch",
                ConditionExpression="attempt = :attempt",
                ExpressionAttributeValues={":batch": {"NS": [str(batch)]}, ":attempt": {"S": attempt}},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise

    def end(self, key: str, batch: int, attempt: str) -> bool:
        """Record that a batch needs no more writing; return whether this attempt was the last to begin one.

        Else another one began since, and may have written this batch too.
        """
        last = self._add(key, "ended", batch, {}).get("attempt", {}).get("S")
        return bool(last == attempt)

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

    def _add(self, key: str, name: str, batch: int, fields: dict[str, Any]) -> dict[str, Any]:
        """Add a batch to a set of an object's row, and set fields; return the row until then."""
        expires_at = int(time.time()) + int(PROGRESS_LIFE.total_seconds())
        fields = {**fields, "expires_at": {"N": str(expires_at)}}
        given = self.dynamodb.update_item(
            TableName=self.table,
            Key=_object(key),
            UpdateExpression=f"ADD {name} :batch SET {', '.join(f'{each} = :{each}' for each in fields)}",
            ExpressionAttributeValues={
                ":batch": {"NS": [str(batch)]},
                **{f":{each}": value for each, value in fields.items()},
            },
            ReturnValues="ALL_OLD",
        )
        return given.get("Attributes", {})


def _object(key: str) -> dict[str, Any]:
    return {"pk": {"S": f"object#{key}"}}


def _progress(row: dict[str, Any]) -> Progress:
    sets = (row.get(name, {}).get("NS", []) for name in Progress._fields)
    return Progress(*(frozenset(map(int, numbers)) for numbers in sets))
