"""Pages, searches and chosen reports read what they say, and no more."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_dynamodb.client import DynamoDBClient

from services.core.domain.errors import ReportNotFound
from services.core.domain.report import Status
from services.core.domain.report_search import ReportSearch
from services.core.domain.stored_report import LeasedReport, ReportRef
from services.core.storage import pages
from services.core.storage.pages import Page
from services.core.storage.reports import Reports
from services.core.storage.rows import row_of, to_item
from tests.services.conftest import TABLE

New = Callable[..., LeasedReport]
Shelf = Callable[..., None]


@pytest.fixture
def shelf(dynamodb: DynamoDBClient, new: New) -> Shelf:
    """Writes succeeded reports with these titles, the first the oldest, regardless of the quota."""

    def fill(*titles: str, owner: str = "alice", **changes: Any) -> None:
        for number, title in enumerate(titles, 1):
            stored = new(number, owner=owner)
            texts = {"status": Status.SUCCEEDED, "title": title, "description": "", **changes}
            report = stored.report.model_copy(update=texts)
            row = to_item(row_of(replace(stored, report=report)))
            dynamodb.put_item(TableName=TABLE, Item=row)

    return fill


@pytest.fixture
def reads(dynamodb: DynamoDBClient) -> list[dict[str, Any]]:
    """The queries from here on."""
    found: list[dict[str, Any]] = []
    dynamodb.meta.events.register(
        "provide-client-params.dynamodb.Query", lambda params, **_: found.append(params)
    )
    return found


def titles(page: Page) -> list[str | None]:
    return [stored.report.title for stored in page.reports]


def searched(reports: Reports, text: str, limit: int = 10, owner: str = "alice") -> Iterator[Page]:
    """Each page of a search, as a client follows `next`."""
    search, before = ReportSearch.parse(text, "search"), None
    while True:
        page = reports.page(owner, limit, before, search)
        yield page
        if (before := page.next) is None:
            return


def test_search_finds_newest_first(reports: Reports, shelf: Shelf) -> None:
    shelf("blue mug", "red mug", "lamp", "green mug")
    (page,) = searched(reports, "mug")
    assert titles(page) == ["green mug", "red mug", "blue mug"]


def test_search_goes_on_from_next(reports: Reports, shelf: Shelf) -> None:
    shelf(*(f"mug {number}" if number % 3 else "lamp" for number in range(1, 12)))
    found = [title for page in searched(reports, "mug", limit=2) for title in titles(page)]
    assert found == [f"mug {number}" for number in range(11, 0, -1) if number % 3]


def test_reads_of_a_search_are_bounded(
    reports: Reports, shelf: Shelf, reads: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "MOST_SEARCHED", 5)
    monkeypatch.setattr(pages, "SEARCHED_AT_ONCE", 2)
    shelf("blue mug", *["lamp"] * 7)
    first, second = searched(reports, "mug")
    assert (titles(first), titles(second)) == ([], ["blue mug"])
    assert [read["Limit"] for read in reads] == [2, 2, 1, 2, 2]
    # The cursor is the last report that was read, so the next page reads none twice.
    assert first.next == f"{4:026d}"


def test_full_page_reads_no_further(reports: Reports, shelf: Shelf, reads: list[dict[str, Any]]) -> None:
    shelf(*["mug"] * 150)
    page = next(searched(reports, "mug", limit=100))
    assert (len(page.reports), page.next) == (100, f"{51:026d}")
    assert len(reads) == 1


def test_last_match_on_the_last_row_ends(reports: Reports, shelf: Shelf) -> None:
    shelf("mug", "mug")
    assert [len(page.reports) for page in searched(reports, "mug", limit=2)] == [2]


def test_search_reads_own_reports_only(reports: Reports, shelf: Shelf) -> None:
    shelf("mug", owner="mallory")
    assert [titles(page) for page in searched(reports, "mug")] == [[]]


def test_search_leaves_out_what_is_gone(reports: Reports, shelf: Shelf) -> None:
    shelf("mug", "mug", expires_at=datetime.now(UTC) - timedelta(seconds=5))
    assert [titles(page) for page in searched(reports, "mug")] == [[]]
    shelf("mug", "cup")
    reports.start_erasure(ReportRef("alice", f"{1:026d}"))
    assert [titles(page) for page in searched(reports, "mug")] == [[]]


def test_chosen_reports_keep_the_order(reports: Reports, shelf: Shelf) -> None:
    shelf("a", "b", "c")
    ids = [f"{number:026d}" for number in (2, 3, 2)]
    assert [stored.report.title for stored in reports.chosen("alice", ids)] == ["b", "c"]


def test_hundred_reports_are_chosen(reports: Reports, shelf: Shelf) -> None:
    shelf(*["mug"] * pages.MOST_IDS)
    ids = [f"{number:026d}" for number in range(1, pages.MOST_IDS + 1)]
    assert len(reports.chosen("alice", ids)) == pages.MOST_IDS


def test_missing_chosen_report_is_named(reports: Reports, shelf: Shelf) -> None:
    shelf("a", owner="mallory")
    with pytest.raises(ReportNotFound, match=f"{1:026d}"):
        reports.chosen("alice", [f"{1:026d}"])


@pytest.fixture
def busy(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of keys of each batch; the table leaves all but one of them unread."""
    monkeypatch.setattr(pages, "_FIRST_PAUSE_S", 0.0)
    asked: list[int] = []

    def keep_one(parsed: dict[str, Any], **_: object) -> None:
        rows = parsed["Responses"].get(TABLE, [])
        asked.append(len(rows))
        unread = [{name: row[name] for name in ("pk", "sk")} for row in rows[1:]]
        parsed["Responses"][TABLE] = rows[:1]
        parsed["UnprocessedKeys"] = {TABLE: {"Keys": unread}} if unread else {}

    dynamodb.meta.events.register("after-call.dynamodb.BatchGetItem", keep_one)
    return asked


def test_unread_keys_are_asked_again(reports: Reports, shelf: Shelf, busy: list[int]) -> None:
    shelf("a", "b", "c")
    ids = [f"{number:026d}" for number in (3, 1, 2)]
    assert [stored.report.title for stored in reports.chosen("alice", ids)] == ["c", "a", "b"]
    assert busy == [3, 2, 1]


def test_busy_table_is_an_error(reports: Reports, shelf: Shelf, busy: list[int]) -> None:
    shelf(*["a"] * 9)
    with pytest.raises(ClientError):
        reports.chosen("alice", [f"{number:026d}" for number in range(1, 10)])
