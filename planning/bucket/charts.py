"""The bucket's pictures: its size and its reports by month, and what matters most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planning.answer import Chart, Mark, Series
from planning.bucket.simulation import DAYS_PER_MONTH
from planning.bucket.storage_classes import GB

if TYPE_CHECKING:
    from planning.bucket.forecast import Forecast, Quantiles
    from planning.bucket.sensitivity import Effect


def charts(found: Forecast, effects: list[Effect]) -> tuple[Chart, ...]:
    """Return the charts of a forecast."""
    return _size(found), _reports(found), _effects(effects)


def _size(found: Forecast) -> Chart:
    last, days = found.bucket_bytes[-1], found.plan.retention_days
    expires = days / DAYS_PER_MONTH
    marks = (Mark("x", expires, f"{days} days: photos expire"),) if expires <= len(found.bucket_bytes) else ()
    return Chart(
        name="bucket-size",
        title="Size of the image bucket",
        alt=f"After {len(found.month_ends)} months the bucket holds {last.p50 / GB:.1f} GB at P50, "
        f"{last.p90 / GB:.1f} GB at P90 and {last.p99 / GB:.1f} GB at P99.",
        x_label="months from now",
        y_label="GB",
        series=_quantile_series(found.bucket_bytes, GB),
        marks=marks,
    )


def _reports(found: Forecast) -> Chart:
    first, last = found.reports_per_month[0], found.reports_per_month[-1]
    return Chart(
        name="bucket-reports",
        title="Reports in a month",
        alt=f"Reports go from {first.p50:,.0f} in the first month to {last.p50:,.0f} in the last at P50, "
        f"and to {last.p90:,.0f} at P90.",
        x_label="months from now",
        y_label="reports",
        series=_quantile_series(found.reports_per_month, 1),
    )


def _quantile_series(months: tuple[Quantiles, ...], unit: float) -> tuple[Series, ...]:
    x = tuple(float(month) for month in range(1, len(months) + 1))
    p50, p90, p99 = (tuple(value / unit for value in values) for values in zip(*months, strict=True))
    return (
        Series("P50 to P90", x, p50, "band", p90),
        Series("P50", x, p50),
        Series("P90", x, p90),
        Series("P99", x, p99, "dashes"),
    )


def _effects(effects: list[Effect]) -> Chart:
    names = tuple(effect.what for effect in effects)
    strongest = effects[0]
    return Chart(
        name="bucket-sensitivity",
        title="What matters most",
        alt=f"The bucket depends most on: {strongest.what}. From {strongest.smaller} to {strongest.bigger} "
        f"its size changes by a factor of {strongest.factor:.1f}.",
        x_label="assumption",
        y_label="GB after 24 months",
        series=(
            Series("smaller value", names, tuple(effect.bytes_smaller / GB for effect in effects), "bars"),
            Series("bigger value", names, tuple(effect.bytes_bigger / GB for effect in effects), "bars"),
        ),
    )
