"""The page as a file: valid HTML that runs nothing and asks for nothing, with every text as text."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import html5lib
import pytest

from planning.page.page import page
from tests.planning.page.plans import HOSTILE, QUESTIONS, TABLE, plan

HTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def written() -> str:
    return page(plan(HOSTILE, warning=HOSTILE))


@pytest.fixture(scope="module")
def document(written: str) -> ElementTree.Element:
    """The page as a browser's parser reads it, which here refuses any error."""
    parsed: ElementTree.Element = html5lib.HTMLParser(strict=True).parse(written)
    return parsed


def test_page_runs_nothing(document: ElementTree.Element) -> None:
    assert not list(document.iter(f"{HTML}script"))
    assert not [name for one in document.iter() for name in one.attrib if str(name).startswith("on")]


def test_page_asks_for_nothing(written: str, document: ElementTree.Element) -> None:
    tags = {one.tag for one in document.iter() if isinstance(one.tag, str)}
    assert not tags & {f"{HTML}{name}" for name in ("link", "img", "iframe", "object", "embed", "base")}
    assert not re.search(r"url\(|@import", written)
    links = [value for one in document.iter() for name, value in one.attrib.items() if "href" in str(name)]
    assert all(link.startswith("#") for link in links)
    (policy,) = (one.get("content", "") for one in document.iter(f"{HTML}meta") if one.get("http-equiv"))
    assert policy.startswith("default-src 'none'; ")


def test_foreign_text_is_shown_as_it_is(document: ElementTree.Element) -> None:
    shown = HOSTILE.replace("\x07", "")
    assert next(document.iter(f"{HTML}h1")).text == shown
    assert next(document.iter(f"{HTML}title")).text == shown


def test_backticks_mark_code() -> None:
    one = replace(plan(), about="Run `a <b>` and ` alone", sections=())
    assert '<p class="about">Run <code>a &lt;b&gt;</code> and ` alone</p>' in page(one)


def test_ids_are_unique_and_linked(document: ElementTree.Element) -> None:
    ids = [one.get("id", "") for one in document.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    answers = [one.get("href") for one in document.iter(f"{HTML}a")]
    assert answers == [f"#{name}" for name in QUESTIONS]
    assert set(QUESTIONS) <= set(ids)


def test_tables_have_headings_of_rows_and_columns(document: ElementTree.Element) -> None:
    table = next(document.iter(f"{HTML}table"))
    columns = [one for one in table.iter(f"{HTML}th") if one.get("scope") == "col"]
    rows = [one for one in table.iter(f"{HTML}th") if one.get("scope") == "row"]
    assert [one.text for one in columns] == list(TABLE.columns)
    assert [one.text for one in rows] == [row[0] for row in TABLE.rows]
    assert [one.get("class") for one in columns] == [None, "number", "number"]


def test_column_without_a_name_has_no_heading(document: ElementTree.Element) -> None:
    _, steps, *_ = document.iter(f"{HTML}table")
    assert [one.text for one in steps.iter(f"{HTML}th")] == ["step", "1", "2"]


def test_notice_is_of_a_warning(written: str) -> None:
    assert 'class="made-up"' in written
    without = plan()
    assert 'class="made-up"' not in page(replace(without, sections=without.sections[:1]))
