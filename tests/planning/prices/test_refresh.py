"""Rows of the price lists after a refresh: changed, confirmed, kept with a reason, or added."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from planning.prices.llms import Llm
from planning.prices.price_api import PriceApi
from planning.prices.price_list import Price
from planning.prices.products import Product
from planning.prices.refresh import RefreshedPrices, differ, refresh_llms, refresh_prices
from planning.prices.sources import AwayError, RefusedError

Answers = dict[tuple[str, str], float | Exception]
OLD, TODAY = date(2026, 1, 2), date(2026, 11, 27)


def row(item: str, region: str, usd: float) -> Price:
    return Price(item, region, usd, "hour", "a rule", OLD, "assumed")


class MadeApi(PriceApi):
    """Answers with made prices, and refuses or fails where one is an exception."""

    def __init__(self, prices: Answers) -> None:
        self.prices = prices
        self.everywhere: set[str] = set()

    def usd(self, item: str, unit: str, region: str) -> float:
        found = self.prices.get((item, region), RefusedError("no product"))
        if isinstance(found, Exception):
            raise found
        return found

    def product(self, item: str) -> Product:
        return Product("AmazonX", item, everywhere=item in self.everywhere)


LIST = (row("key", "*", 1), row("nat", "ca-central-1", 0.05), row("nat", "us-east-1", 0.045))


def refreshed(
    prices: Answers,
    rows: tuple[Price, ...] = LIST,
    region: str | None = None,
    asked: Callable[[str], None] = lambda _: None,
) -> RefreshedPrices:
    return refresh_prices(rows, MadeApi(prices), TODAY, region=region, asked=asked)


def test_changed_price_has_source_and_date() -> None:
    found = refreshed({("nat", "ca-central-1"): 0.056, ("nat", "us-east-1"): 0.045})
    source = "Price List API of AWS"
    changed = Price("nat", "ca-central-1", 0.056, "hour", source, TODAY, "listed")
    confirmed = Price("nat", "us-east-1", 0.045, "hour", source, TODAY, "listed")
    assert found.changes == ((LIST[1], changed),)
    assert found.confirmed == (confirmed,)
    assert found.rows == (LIST[0], changed, confirmed)
    assert [(one.what, one.why) for one in found.kept] == [("key in *", "no product")]
    assert found.away == ""


LISTED = Price("nat", "eu-west-1", 0.05, "hour", "Price List API of AWS", date(2026, 11, 26), "listed")


@pytest.mark.parametrize(
    ("before", "usd", "counts"),
    [
        (LISTED, 0.05, False),
        (LISTED, 0.056, True),
        (replace(LISTED, confidence="assumed"), 0.05, True),
        (replace(LISTED, as_of=TODAY - timedelta(days=181)), 0.05, True),  # answers call it old
    ],
)
def test_date_of_a_confirmed_price_counts_once_old(before: Price, usd: float, counts: bool) -> None:
    found = refreshed({("nat", "eu-west-1"): usd}, (before,))
    assert found.rows[0].as_of == TODAY
    assert differ((before,), found.rows, TODAY) is counts


def test_kept_row_is_no_difference() -> None:
    old = replace(LISTED, as_of=OLD)
    assert not differ((old,), refreshed({}, (old,)).rows, TODAY)


def test_price_of_everywhere_is_the_same_everywhere() -> None:
    same = refreshed({("key", "ca-central-1"): 2.0, ("key", "us-east-1"): 2.0})
    assert [(old.usd, new.usd) for old, new in same.changes if old] == [(1, 2)]
    other = refreshed({("key", "ca-central-1"): 2.0, ("key", "us-east-1"): 2.5})
    assert other.rows[0] == LIST[0]
    assert "not cost the same everywhere: 2 in ca-central-1, 2.5 in us-east-1 USD" in other.kept[0].why


def test_product_of_no_region_is_asked_once() -> None:
    api = MadeApi({("key", "*"): 1.5})
    api.everywhere = {"key"}
    found = refresh_prices(LIST[:1], api, TODAY)
    assert found.rows[0].usd == 1.5


def test_outage_keeps_the_rest() -> None:
    asked: list[str] = []
    away = AwayError("AWS does not answer")
    prices: Answers = {("key", "ca-central-1"): 1.1, ("key", "us-east-1"): 1.1, ("nat", "ca-central-1"): away}
    found = refreshed(prices, asked=asked.append)
    assert [one.usd for one in found.rows] == [1.1, 0.05, 0.045]
    assert (found.rows[1:], found.away) == (LIST[1:], "AWS does not answer")
    assert asked == ["key in *", "nat in ca-central-1"]


@pytest.mark.parametrize("usd", [0.0124, 0.21, 50_000])
def test_implausible_change_is_refused(usd: float) -> None:
    found = refreshed({("nat", "ca-central-1"): usd})
    assert found.rows == LIST
    assert "is more than 4 times off the 0.05 of the row" in found.kept[1].why


def test_one_region_alone_is_asked() -> None:
    asked: list[str] = []
    found = refreshed({("nat", "us-east-1"): 0.05}, region="us-east-1", asked=asked.append)
    assert asked == ["nat in us-east-1"]
    assert [one.usd for one in found.rows] == [1, 0.05, 0.05]


def test_new_region_is_added_beside_the_others() -> None:
    rows = (*LIST, row("lcu", "us-east-1", 0.008))
    found = refreshed({("nat", "eu-west-1"): 0.048, ("key", "eu-west-1"): 3}, rows, region="eu-west-1")
    new = Price("nat", "eu-west-1", 0.048, "hour", "Price List API of AWS", TODAY, "listed")
    assert found.rows == (*LIST, new, rows[3])
    assert found.changes == ((None, new),)
    assert [one.what for one in found.kept] == ["lcu in eu-west-1"]


def test_new_region_is_not_added_in_part() -> None:
    rows = (*LIST, row("lcu", "us-east-1", 0.008))
    prices: Answers = {("nat", "eu-west-1"): 0.048, ("lcu", "eu-west-1"): AwayError("away")}
    found = refreshed(prices, rows, region="eu-west-1")
    assert (found.rows, found.changes, found.away) == (rows, (), "away")


def llm(model: str, ends: date | None) -> Llm:
    return Llm(model, 1, 0.1, 1.25, 5, 0.5, None, ends, "a page", OLD, "listed")


def test_ends_of_llms_are_taken_over() -> None:
    first, second = date(2027, 1, 14), date(2027, 4, 1)
    rows = (
        llm("moved", first),
        llm("ends", None),
        llm("stays", first),
        llm("lives on", first),
        llm("gone", first),
    )
    dates = {"moved": second, "ends": second, "stays": first, "lives on": None, "another": first}
    found = refresh_llms(rows, dates)
    assert [one.shutdown_date for one in found.rows] == [second, second, first, None, first]
    assert [old.model for old, _ in found.changes] == ["moved", "ends", "lives on"]
    assert [one.what for one in found.kept] == ["gone"]
    # The list of models has no prices: they are as old as before.
    assert {one.as_of for one in found.rows} == {OLD}
