"""Reads several of an owner's reports: a page of them, those that a search finds, or those with given ids."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from services.core.domain.errors import ReportNotFound
from services.core.domain.report_search import ReportSearch
from services.core.domain.stored_report import StoredReport
from services.core.storage.rows import (
    address,
    from_item,
    has_expired,
    is_erasing,
    stored_report,
    to_item,
)

if TYPE_CHECKING:
    from botocore.exceptions import _ClientErrorResponseTypeDef
    from mypy_boto3_dynamodb.client import DynamoDBClient

# A search reads so many reports for one request, in queries of so many.
MOST_SEARCHED, SEARCHED_AT_ONCE = 400, 100
# DynamoDB's limit for one BatchGetItem.
MOST_IDS = 100
# A batch may leave keys unread when the table is busy: so many tries, with pauses that double from the first.
_TRIES, _FIRST_PAUSE_S = 6, 0.05


@dataclass(frozen=True)
class Page:
    """Reports, newest first; `next` is the id to go on before, None on the last page."""

    reports: tuple[StoredReport, ...]
    next: str | None


def read_page(dynamodb: "DynamoDBClient", table: str, owner: str, limit: int, before: str | None) -> Page:
    """The owner's newest `limit` reports, or those older than the report `before`.

    Expired reports are left out, and a query ends at 1 MB: a page may hold fewer than `limit` and still have
    a next. Blocks.
    """
    # One more tells whether others follow.
    rows, unread = _query(dynamodb, table, owner, before, limit + 1)
    more = len(rows) > limit or unread
    rows = rows[:limit]
    reports = tuple(stored_report(owner, row) for row in rows if _is_there(row))
    return Page(reports, _id(rows[-1]) if rows and more else None)


def search_page(
    dynamodb: "DynamoDBClient", table: str, owner: str, limit: int, before: str | None, search: ReportSearch
) -> Page:
    """The newest `limit` reports that `search` finds among the owner's, or among those older than `before`.

    At most MOST_SEARCHED reports are read: a page may hold fewer than `limit`, none even, and still have a
    next, from which the search goes on. Blocks.
    """
    found: list[StoredReport] = []
    read = 0
    while read < MOST_SEARCHED:
        rows, unread = _query(dynamodb, table, owner, before, min(SEARCHED_AT_ONCE, MOST_SEARCHED - read))
        for place, row in enumerate(rows, 1):
            before = _id(row)
            if not _is_there(row):
                continue
            stored = stored_report(owner, row)
            if search.matches(stored.report):
                found.append(stored)
                if len(found) == limit:
                    return Page(tuple(found), before if place < len(rows) or unread else None)
        if not rows or not unread:
            return Page(tuple(found), None)
        read += len(rows)
    return Page(tuple(found), before)


def read_chosen(
    dynamodb: "DynamoDBClient", table: str, owner: str, ids: Sequence[str]
) -> tuple[StoredReport, ...]:
    """The owner's reports with these ids, at most MOST_IDS, each once and in their order.

    Raises ReportNotFound for the first that is not there. Blocks.
    """
    wanted = tuple(dict.fromkeys(ids))
    rows = _batch(dynamodb, table, [to_item(address(owner, f"report#{id_}")) for id_ in wanted])
    found = {_id(row): stored_report(owner, row) for row in rows if _is_there(row)}
    for id_ in wanted:
        if id_ not in found:
            raise ReportNotFound(id_)
    return tuple(found[id_] for id_ in wanted)


def _query(
    dynamodb: "DynamoDBClient", table: str, owner: str, before: str | None, most: int
) -> tuple[list[dict[str, Any]], bool]:
    """The rows of at most `most` reports, newest first, and whether there may be others after them."""
    answer = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :report)",
        ExpressionAttributeValues=to_item({":pk": f"user#{owner}", ":report": "report#"}),
        ScanIndexForward=False,
        # "~" comes after every id.
        ExclusiveStartKey=to_item(address(owner, f"report#{before or '~'}")),
        Limit=most,
    )
    return [from_item(item) for item in answer["Items"]], "LastEvaluatedKey" in answer


def _batch(dynamodb: "DynamoDBClient", table: str, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for attempt in range(_TRIES):
        answer = dynamodb.batch_get_item(RequestItems={table: {"Keys": keys, "ConsistentRead": True}})
        rows += [from_item(item) for item in answer["Responses"].get(table, [])]
        # An answer ends at 16 MB, or where the table is busy.
        unread = answer["UnprocessedKeys"].get(table)
        if unread is None:
            return rows
        keys = list(unread["Keys"])
        time.sleep(_FIRST_PAUSE_S * 2**attempt)
    busy: _ClientErrorResponseTypeDef = {"Error": {"Code": "ProvisionedThroughputExceededException"}}
    raise ClientError(busy, "BatchGetItem")


def _is_there(row: dict[str, Any]) -> bool:
    return not has_expired(row) and not is_erasing(row)


def _id(row: dict[str, Any]) -> str:
    return str(row["sk"]).removeprefix("report#")
