"""How big the bucket gets, what that costs, and what it depends on, as an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planning.answer import Answer, Json, Table
from planning.bucket.charts import charts
from planning.bucket.forecast import ENDS, MONTHS, SEED, Forecast, Quantiles, forecast
from planning.bucket.monthly_cost import MonthlyCost, Requests, monthly_cost, requests
from planning.bucket.notes import notes
from planning.bucket.sensitivity import Effect, effects
from planning.bucket.storage_classes import (
    GB,
    IA,
    PRICES,
    STANDARD,
    ClassCost,
    Life,
    class_costs,
    days_until_ia_pays,
)
from planning.prices.price_list import price_list

if TYPE_CHECKING:
    from datetime import date

    from planning.assumptions import Assumptions
    from planning.users.user_list import UserList
    from settings.environment import Environment

SHOWN = (1, 2, 3, 6, 9, 12, 18, 24)


def bucket_answer(
    settings: Environment, users: UserList, assumptions: Assumptions, today: date, seed: int = SEED
) -> Answer:
    """Return the size of the bucket in the next 24 months, its cost, and what they depend on.

    Raises what `forecast` raises, and UnknownPriceError.
    """
    found = forecast(settings, users, assumptions, today, seed)
    prices = price_list(settings.region)
    made = requests(found.reports_per_month[-1].p50, assumptions)
    cost = monthly_cost(found.bucket_bytes[-1].p50, made, prices)
    life = Life(assumptions.photos.stored_kb, settings.retention_days + 0.5, assumptions.reports.viewed)
    classes, pays = class_costs(life, prices), days_until_ia_pays(life, prices)
    strongest = effects(found.plan, ENDS[-1] - 1)
    return Answer(
        title=f"The image bucket of {settings.name}, for the users of {users.name}",
        lead=_lead(found, cost, classes, pays),
        tables=(
            _months(found, settings.retention_days),
            _cost(cost, made),
            _classes(classes, settings),
            _effects(strongest),
        ),
        charts=charts(found, strongest),
        notes=(*notes(users, found, assumptions), *prices.notes(PRICES, today)),
        data={
            "environment": settings.name,
            "users": users.total,
            "users_reporting": found.plan.start.reporting,
            "growth_per_day": None if found.plan.growth is None else found.plan.growth.slope,
            "growth_per_day_error": None if found.plan.growth is None else found.plan.growth.slope_error,
            "signups_next_year": _quantiles(found.signups_next_year),
            "months": [
                {
                    "ends": end.isoformat(),
                    "users": _quantiles(found.users[month]),
                    "reports_per_month": _quantiles(found.reports_per_month[month]),
                    "bucket_bytes": _quantiles(found.bucket_bytes[month]),
                }
                for month, end in enumerate(found.month_ends)
            ],
            "settles_bytes": {
                "users_of_today": _quantiles(found.settles_today),
                "users_of_last_month": _quantiles(found.settles_at_end),
            },
            "last_month": {
                "put_requests": made.puts,
                "get_requests": made.gets,
                "storage_usd": cost.storage_usd,
                "put_usd": cost.puts_usd,
                "get_usd": cost.gets_usd,
                "usd": cost.usd,
            },
            "usd_per_1000_photos": {one.name: one.usd for one in classes},
            "days_until_standard_ia_pays": pays if pays != float("inf") else None,
            "sensitivity": [
                {
                    "assumption": one.what,
                    "smaller": one.smaller,
                    "bigger": one.bigger,
                    "bytes_smaller": one.bytes_smaller,
                    "bytes_bigger": one.bytes_bigger,
                }
                for one in strongest
            ],
        },
    )


def _lead(found: Forecast, cost: MonthlyCost, classes: list[ClassCost], pays: float) -> str:
    year, last = found.bucket_bytes[11], found.bucket_bytes[-1]
    usd = {one.name: one.usd for one in classes}
    ratio = usd[IA.name] / usd[STANDARD.name] - 1
    compared = f"{abs(ratio):.0%} {'more' if ratio > 0 else 'less'}"
    from_days = f"from {pays:,.0f} days of retention on" if pays < float("inf") else "for no retention"
    return (
        f"After 12 months the bucket holds {_gb(year.p50)} GB, and in one case of ten over "
        f"{_gb(year.p90)} GB; after {MONTHS} months {_gb(last.p50)} and {_gb(last.p90)} GB, for "
        f"{cost.usd:.2f} USD a month. "
        f"Standard-IA costs {compared}: it bills each photo as at least 128 KB and each read, so it pays "
        f"{from_days}."
    )


def _months(found: Forecast, retention_days: int) -> Table:
    rows = [
        (
            str(month),
            found.month_ends[month - 1].isoformat(),
            _count(found.users[month - 1].p50),
            _count(found.reports_per_month[month - 1].p50),
            _count(found.reports_per_month[month - 1].p90),
            *map(_gb, found.bucket_bytes[month - 1]),
        )
        for month in SHOWN
    ]
    for text, settled in (
        ("settles, today's users", found.settles_today),
        (f"settles, users of month {MONTHS}", found.settles_at_end),
    ):
        rows.append((text, f"after {retention_days} days", "", "", "", *map(_gb, settled)))
    columns = (
        "month", "ends", "users P50", "reports P50", "reports P90", "bucket GB P50", "P90", "P99",
    )  # fmt: skip
    return Table(
        "The bucket at each month's end, and where it settles without new users",
        columns,
        tuple(rows),
        frozenset(columns[2:]),
    )


def _cost(cost: MonthlyCost, made: Requests) -> Table:
    return Table(
        f"A month of S3 Standard after {MONTHS} months, P50",
        ("what", "how many", "USD"),
        (
            ("storage", "", f"{cost.storage_usd:.2f}"),
            ("PUT and POST requests", _count(made.puts), f"{cost.puts_usd:.2f}"),
            ("GET requests", _count(made.gets), f"{cost.gets_usd:.2f}"),
            ("in all", "", f"{cost.usd:.2f}"),
        ),
        frozenset({"how many", "USD"}),
    )


def _classes(classes: list[ClassCost], settings: Environment) -> Table:
    columns = ("class", "storage", "requests", "retrieval", "in all")
    return Table(
        f"USD for 1,000 photos of {settings.retention_days} days in {settings.region}, by storage class",
        columns,
        tuple(
            (
                one.name,
                *(f"{usd:.4f}" for usd in (one.storage_usd, one.requests_usd, one.retrieval_usd, one.usd)),
            )
            for one in classes
        ),
        frozenset(columns[1:]),
    )


def _effects(found: list[Effect]) -> Table:
    columns = ("assumption", "smaller", "GB", "bigger", "GB then", "times")
    return Table(
        f"What matters most: the expected size after {MONTHS} months where one assumption differs",
        columns,
        tuple(
            (
                one.what,
                one.smaller,
                _gb(one.bytes_smaller),
                one.bigger,
                _gb(one.bytes_bigger),
                f"{one.factor:.2f}",
            )
            for one in found
        ),
        frozenset({"GB", "GB then", "times"}),
    )


def _quantiles(found: Quantiles) -> dict[str, Json]:
    return dict(found._asdict())


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _gb(size: float) -> str:
    return f"{size / GB:,.{0 if size >= 100 * GB else 1 if size >= GB else 3}f}"
