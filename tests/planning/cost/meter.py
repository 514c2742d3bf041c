"""Counts what AWS bills of the calls that are made under it, by AWS's documented rules.

DynamoDB: a write is billed by the larger image of the item, in units of 1 KB, twice in a transaction; each
change of an index entry is a write of its own; a consistent read is billed by units of 4 KB, an eventual one
by half of them. The sizes are those of "Item sizes and formats" in DynamoDB's developer guide.
"""

from __future__ import annotations

import math
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.client import BaseClient

from settings.naming import UNFINISHED_INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest

# What an entry of the index holds: the keys of table and index, and the attributes that it includes.
PROJECTED = ("pk", "sk", UNFINISHED_INDEX, "lease_until", "touched_at")
_WRITES = {"PutItem", "UpdateItem", "DeleteItem"}
# DeleteObject is free, and so is what CloudFormation or a test creates.
_S3 = {"PutObject": "s3_puts", "CopyObject": "s3_puts", "ListObjectsV2": "s3_puts"}
_S3 |= {"GetObject": "s3_gets", "HeadObject": "s3_gets"}


@contextmanager
def metered(patch: pytest.MonkeyPatch) -> Iterator[dict[str, float]]:
    """Count the billed units of every call of botocore in the block; yields the counter."""
    counted: dict[str, float] = defaultdict(float)
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def metering(client: Any, operation: str, given: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name

        def image(table: str, key: Mapping[str, Any]) -> dict[str, Any]:
            found = call(client, "GetItem", {"TableName": table, "Key": key, "ConsistentRead": True})
            return dict(found.get("Item", {}))

        if service != "dynamodb":
            answer = call(client, operation, given)
            _count(counted, service, operation, given)
            return answer
        writes = _writes(operation, given)
        before = [image(table, key) for table, key in writes]
        answer = call(client, operation, given)
        factor = 2 if operation == "TransactWriteItems" else 1
        for (table, key), old in zip(writes, before, strict=True):
            new = image(table, key)
            counted["write_units"] += factor * max(1, _units(max(item_size(old), item_size(new)), 1024))
            counted["write_units"] += _index_units(old, new)
        if not writes:
            counted["read_units"] += _read_units(given, answer)
        return answer

    patch.setattr(BaseClient, "_make_api_call", metering)
    try:
        yield counted
    finally:
        patch.setattr(BaseClient, "_make_api_call", call)


def _count(counted: dict[str, float], service: str, operation: str, given: Mapping[str, Any]) -> None:
    if service == "s3" and operation in _S3:
        counted[_S3[operation]] += 1
    elif service == "sqs" and operation in ("SendMessage", "SendMessageBatch"):
        counted["sqs_requests"] += 1
    elif service == "sagemaker-runtime":
        counted["model_calls"] += 1
        counted["model_bytes"] += len(given.get("Body", b""))


def _writes(operation: str, given: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    if operation in _WRITES:
        return [(given["TableName"], _key(given))]
    if operation == "TransactWriteItems":
        entries = [entry for one in given["TransactItems"] for entry in one.values()]
        return [(entry["TableName"], _key(entry)) for entry in entries]
    return []


def _key(entry: Mapping[str, Any]) -> dict[str, Any]:
    row = entry["Key"] if "Key" in entry else entry["Item"]
    return {name: row[name] for name in ("pk", "sk")}


def _read_units(given: Mapping[str, Any], answer: Mapping[str, Any]) -> float:
    items = answer.get("Items", [answer["Item"]] if "Item" in answer else [])
    units = max(1, _units(sum(map(item_size, items)), 4096))
    return units if given.get("ConsistentRead") else units / 2


def _index_units(old: Mapping[str, Any], new: Mapping[str, Any]) -> int:
    before, after = (
        {name: row[name] for name in PROJECTED if name in row} if UNFINISHED_INDEX in row else {}
        for row in (old, new)
    )
    return 0 if before == after else _units(max(item_size(before), item_size(after)), 1024)


def _units(size: int, of: int) -> int:
    return math.ceil(size / of)


def item_size(item: Mapping[str, Any]) -> int:
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    kind, held = next(iter(value.items()))
    match kind:
        case "S":
            return len(str(held).encode())
        case "N":
            return (len(str(held).strip("-").replace(".", "")) + 1) // 2 + 1 + int(held.startswith("-"))
        case "L":
            return 3 + sum(1 + _value_size(one) for one in held)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_size(one) for name, one in held.items())
        case "B":
            return len(held)
        case _:
            return 1
