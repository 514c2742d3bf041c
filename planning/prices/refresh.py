"""The rows of the price lists as their sources have them today, and what differs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from planning.prices.llms import Llm
from planning.prices.price_api import PriceApi
from planning.prices.price_list import EVERYWHERE, Price
from planning.prices.sources import STALE_AFTER, AwayError, RefusedError

# A larger change is rather another unit than another price.
PLAUSIBLE = 4.0
SOURCE = "Price List API of AWS"


@dataclass(frozen=True)
class Kept:
    """A row that stays as it is, and why."""

    what: str
    why: str


@dataclass(frozen=True)
class RefreshedPrices:
    """All rows of aws.csv, in its order: those that a source confirms or changes have today's date.

    `changes` are pairs of before and after; None before is a new row. `away` says why the rest was not asked.
    """

    rows: tuple[Price, ...]
    changes: tuple[tuple[Price | None, Price], ...] = ()
    confirmed: tuple[Price, ...] = ()
    kept: tuple[Kept, ...] = ()
    away: str = ""


def refresh_prices(
    rows: Sequence[Price],
    api: PriceApi,
    today: date,
    *,
    region: str | None = None,
    asked: Callable[[str], None] = lambda _: None,
) -> RefreshedPrices:
    """Return the rows with the prices of the API: of all regions, or of one, which may be new.

    `asked` is told each item before the API is. Where the API does not answer, the rows that it was not asked
    for stay as they are, and no region is added in part.
    """
    before = {_key(row): row for row in rows}
    drafts = _with_region(rows, region)
    fresh: dict[tuple[str, str], Price] = {}
    kept: list[Kept] = []
    away = ""
    for row in drafts:
        if region not in {None, row.region}:
            continue
        asked(f"{row.item} in {row.region}")
        try:
            after = replace(row, usd=_usd(row, api, rows), source=SOURCE, as_of=today, confidence="listed")
            if _key(row) in before:
                _plausible(row, after)
            fresh[_key(row)] = after
        except RefusedError as refused:
            kept.append(Kept(f"{row.item} in {row.region}", str(refused)))
        except AwayError as error:
            away = str(error)
            fresh = {key: after for key, after in fresh.items() if key in before}
            break
    pairs = [(before.get(key), after) for key, after in fresh.items()]
    return RefreshedPrices(
        rows=tuple(fresh.get(_key(row), row) for row in drafts if _key(row) in before or _key(row) in fresh),
        changes=tuple((old, new) for old, new in pairs if old is None or old.usd != new.usd),
        confirmed=tuple(new for old, new in pairs if old is not None and old.usd == new.usd),
        kept=tuple(kept),
        away=away,
    )


def differ(before: Sequence[Price], after: Sequence[Price], today: date) -> bool:
    """Say whether a refresh changed more than the dates of prices that are confirmed.

    The date of an old price counts too: without a new one, answers go on to doubt it.
    """
    return len(before) != len(after) or any(
        replace(old, as_of=new.as_of) != new or (old != new and today - old.as_of > STALE_AFTER)
        for old, new in zip(before, after, strict=True)
    )


def _key(row: Price) -> tuple[str, str]:
    return row.item, row.region


def _with_region(rows: Sequence[Price], region: str | None) -> list[Price]:
    """Return the rows, and after the last one of each item a draft for a region that lacks the item."""
    present = {_key(row) for row in rows}
    last = {row.item: number for number, row in enumerate(rows)}
    result: list[Price] = []
    for number, row in enumerate(rows):
        result.append(row)
        known = (row.item, EVERYWHERE) in present or (row.item, region) in present
        if region is not None and number == last[row.item] and not known:
            result.append(replace(row, region=region))
    return result


def _usd(row: Price, api: PriceApi, rows: Iterable[Price]) -> float:
    if row.region != EVERYWHERE or api.product(row.item).everywhere:
        return api.usd(row.item, row.unit, row.region)
    regions = sorted({one.region for one in rows} - {EVERYWHERE})
    prices = {region: api.usd(row.item, row.unit, region) for region in regions}
    if len(set(prices.values())) != 1:
        named = ", ".join(f"{usd:g} in {region}" for region, usd in prices.items())
        raise RefusedError(f"it does not cost the same everywhere: {named} USD; give each region a row")
    return next(iter(prices.values()))


def _plausible(before: Price, after: Price) -> None:
    low, high = sorted((before.usd, after.usd))
    if high > PLAUSIBLE * low:
        raise RefusedError(
            f"{after.usd:g} USD is more than {PLAUSIBLE:g} times off the {before.usd:g} of the row; "
            "if it is right, write it into aws.csv"
        )


@dataclass(frozen=True)
class RefreshedLlms:
    """All rows of llms.csv with their providers' last days; `changes` are pairs of before and after."""

    rows: tuple[Llm, ...]
    changes: tuple[tuple[Llm, Llm], ...] = ()
    kept: tuple[Kept, ...] = ()
    away: str = ""


def refresh_llms(rows: Sequence[Llm], dates: Mapping[str, date | None]) -> RefreshedLlms:
    """Return the rows with the last days that the provider lists; a model that it does not list is kept."""
    after = tuple(replace(row, shutdown_date=dates[row.model]) if row.model in dates else row for row in rows)
    return RefreshedLlms(
        rows=after,
        changes=tuple((old, new) for old, new in zip(rows, after, strict=True) if old != new),
        kept=tuple(
            Kept(row.model, "the provider does not list it for this API key")
            for row in rows
            if row.model not in dates
        ),
    )
