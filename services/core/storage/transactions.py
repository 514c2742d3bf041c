"""Transactions of the reports table: which of their failures are repeated, reported or final."""

import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

Answer = TypeVar("Answer")
CONFLICT_TRIES = 6
_CONDITION = "ConditionalCheckFailed"
# Requests of one user conflict at the count of the day, and the SDK repeats neither conflicts nor a
# transaction that was cancelled because of its table's throughput.
_REPEATED = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_FINAL = frozenset({"ValidationError", "ValidationException", "ItemCollectionSizeLimitExceeded"})


class WriteRefused(Exception):
    """DynamoDB refuses the write itself, such as an item over 400 KB: repeating it does not help."""


def pause(attempt: int) -> None:
    """Wait before a write that conflicted is repeated, twice as long after each attempt."""
    time.sleep(random.uniform(0.01, 0.04) * 2**attempt)  # noqa: S311 - jitter, not a secret


def repeat_on_conflict(write: Callable[[], Answer]) -> Answer:
    """Return what a write of one row gives; it is repeated while a transaction holds the row. Blocks."""
    for attempt in range(CONFLICT_TRIES - 1):
        try:
            return write()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "TransactionConflictException":
                raise
            pause(attempt)
    return write()


def transact(
    dynamodb: "DynamoDBClient",
    required: Sequence["TransactWriteItemTypeDef"],
    optional: Sequence["TransactWriteItemTypeDef"] = (),
) -> list[int]:
    """Write all or nothing; return the indexes of the required writes whose condition failed. Blocks.

    An optional write whose condition fails is left out, and the others are written. Raises WriteRefused, and
    what boto3 raises: then it is unknown whether anything is written.
    """
    writes, attempt = [*required, *optional], 0
    while True:
        try:
            dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            codes = _codes(error)
            failed = [place for place, code in enumerate(codes) if code == _CONDITION]
            if any(place < len(required) for place in failed):
                return [place for place in failed if place < len(required)]
            if failed:
                writes = [write for place, write in enumerate(writes) if place not in failed]
                continue
            if _FINAL.intersection(codes):
                raise WriteRefused(", ".join(sorted(_FINAL.intersection(codes)))) from error
            attempt += 1
            if not _REPEATED.intersection(codes) or attempt == CONFLICT_TRIES:
                raise
            pause(attempt - 1)
        else:
            return []


def _codes(error: ClientError) -> list[str]:
    """The reason for each write of a cancelled transaction, else the call's own error."""
    reasons = error.response.get("CancellationReasons")
    if isinstance(reasons, list):
        return [str(reason.get("Code")) for reason in reasons]
    return [str(error.response.get("Error", {}).get("Code"))]
