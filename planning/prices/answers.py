"""What the commands of `prices` answer."""

from collections.abc import Iterable, Sequence
from datetime import date

from planning.answer import Answer, Json, Table
from planning.prices.check import Finding
from planning.prices.llms import Llm
from planning.prices.price_list import Price, PriceList
from planning.prices.refresh import RefreshedLlms, RefreshedPrices
from planning.prices.sources import Sourced, doubt


def prices_answer(prices: PriceList, llms: Sequence[Llm], today: date) -> Answer:
    """Return every price of a region and of the LLMs, with its source."""
    rows = [prices.price(item) for item in prices.items()]
    doubtful = sum(doubt(row, today) is not None for row in rows)
    aws = tuple((row.item, _number(row.usd), row.unit, _standing(row, today), row.source) for row in rows)
    return Answer(
        title=f"Prices in {prices.region}",
        lead=f"{len(rows)} prices of AWS, {doubtful} of them assumed or old, and {len(llms)} LLMs.",
        tables=(
            Table("AWS, USD", ("item", "USD", "for a", "as of", "source"), aws, frozenset({"USD"})),
            _llm_table(llms, today),
        ),
        notes=("`python -m planning prices refresh` asks the sources.",) if doubtful else (),
        data={
            "region": prices.region,
            "prices": [{**_origin(row), "item": row.item, "usd": row.usd, "unit": row.unit} for row in rows],
            "llms": [
                {
                    **_origin(row),
                    "model": row.model,
                    "usd_per_mtok_input": row.usd_per_mtok_input,
                    "usd_per_mtok_cached_input": row.usd_per_mtok_cached_input,
                    "usd_per_mtok_cache_write": row.usd_per_mtok_cache_write,
                    "usd_per_mtok_output": row.usd_per_mtok_output,
                    "batch_factor": row.batch_factor,
                    "flex_factor": row.flex_factor,
                    "shutdown_date": _iso(row.shutdown_date),
                }
                for row in llms
            ],
        },
    )


def _llm_table(llms: Iterable[Llm], today: date) -> Table:
    prices = ("input", "cached input", "cache write", "output")
    columns = ("model", *prices, "Batch", "Flex", "ends", "as of", "source")
    rows = tuple(
        (
            row.model,
            _number(row.usd_per_mtok_input),
            _number(row.usd_per_mtok_cached_input),
            _number(row.usd_per_mtok_cache_write),
            _number(row.usd_per_mtok_output),
            *("" if share is None else f"{share:.0%}" for share in (row.batch_factor, row.flex_factor)),
            str(row.shutdown_date or ""),
            _standing(row, today),
            row.source,
        )
        for row in llms
    )
    return Table("LLMs, USD per million tokens", columns, rows, frozenset(columns[1:7]))


def refresh_answer(prices: RefreshedPrices, llms: RefreshedLlms, *, written: bool) -> Answer:
    """Return what differs from the sources, what stays as it is and why, and which source is away."""
    changes = [
        (f"{new.item} in {new.region}", _number(old.usd) if old else "", _number(new.usd), new.unit)
        for old, new in prices.changes
    ]
    ends = [
        (new.model, str(old.shutdown_date or "none"), str(new.shutdown_date or "none"))
        for old, new in llms.changes
    ]
    kept = [*prices.kept, *llms.kept]
    tables = [
        Table(
            "Prices, USD", ("item", "before", "now", "for a"), tuple(changes), frozenset({"before", "now"})
        ),
        Table("Ends of LLMs", ("model", "before", "now"), tuple(ends)),
        Table("Kept as they are", ("row", "why"), tuple((one.what, one.why) for one in kept)),
    ]
    done = (
        "They are written; `make operations` brings the documents up to date." if written else "Not written."
    )
    return Answer(
        title="Price lists and their sources",
        lead=f"{_count(len(changes), 'price')} and {_count(len(ends), 'end')} of LLMs differ, "
        f"{_count(len(prices.confirmed), 'price')} confirmed. {done}",
        tables=tuple(table for table in tables if table.rows),
        notes=tuple(f"{away}. Its rows stay as they are." for away in (prices.away, llms.away) if away),
        data={
            "prices": [
                {
                    "item": new.item,
                    "region": new.region,
                    "usd_before": old.usd if old else None,
                    "usd": new.usd,
                    "unit": new.unit,
                }
                for old, new in prices.changes
            ],
            "prices_confirmed": len(prices.confirmed),
            "llms": [
                {
                    "model": new.model,
                    "shutdown_date_before": _iso(old.shutdown_date),
                    "shutdown_date": _iso(new.shutdown_date),
                }
                for old, new in llms.changes
            ],
            "kept": [{"row": one.what, "why": one.why} for one in kept],
            "written": written,
        },
    )


def check_answer(environments: int, findings: Sequence[Finding]) -> Answer:
    """Return what is wrong with the settings of environments."""
    errors = sum(one.error for one in findings)
    rows = tuple(("error" if one.error else "note", one.environment, one.message) for one in findings)
    return Answer(
        title="Settings and the price lists",
        lead=f"{_count(environments, 'environment')}: {_count(errors, 'error')}, "
        f"{_count(len(findings) - errors, 'note')}.",
        tables=(Table("", ("", "environment", "what"), rows),) if rows else (),
        data={
            "findings": [
                {"environment": one.environment, "message": one.message, "error": one.error}
                for one in findings
            ]
        },
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _number(usd: float) -> str:
    return f"{usd:.10f}".rstrip("0").rstrip(".")


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _standing(price: Sourced, today: date) -> str:
    if price.confidence == "assumed":
        return "assumed"
    return f"{price.as_of}, old" if doubt(price, today) else str(price.as_of)


def _origin(row: Price | Llm) -> dict[str, Json]:
    return {"source": row.source, "as_of": str(row.as_of), "confidence": row.confidence}
