"""`python -m benchmarks.planning.bucket`: forecasts of made lists, against closed forms and fresh draws.

Lists of 250,000 users tell the growth: next year's sign-ups and the bucket's median have closed forms. Lists
of 5,000 users are followed user by user, photo by photo: nine of ten should stay below the forecast's P90.
"""

from __future__ import annotations

import argparse
from math import exp, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.integrate import quad

from benchmarks.figures import FIGURES, Figure, keep, say, show
from benchmarks.planning import made_lists as made
from planning.assumptions import load_assumptions
from planning.bucket.forecast import ENDS, Forecast, forecast
from planning.users.reading import read_users
from settings.environment import load_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

GROWTHS = {"0": 0.0, "0.1": 0.001, "0.3": 0.003}
"""Percent a day, as in the figures' names → growth of the rate's logarithm a day."""
LISTS, LIST_DAYS = 10, 730
DRAWS, DRAW_DAYS = 200, 540
SEED = 2025


def forecasted(moments: np.ndarray) -> Forecast:
    """Read the list of these sign-ups, and return its forecast."""
    users = read_users(made.export(moments), "made.csv", made.TODAY)
    return forecast(load_environment("prod"), users, load_assumptions(), made.TODAY)


def median_bytes(market: made.Market, users: float, day: float) -> float:
    """Return the closed form of the bucket's median on a day: its mean, at the median active share."""
    low, mode, high = made.ACTIVE
    share = high - sqrt((high - low) * (high - mode) / 2)  # the mode is below the middle
    reports = share * exp(made.REPORTS[0] + made.REPORTS[1] ** 2 / 2) / made.MONTH
    photos = float(np.dot(made.PHOTOS, range(1, 9)))
    size = photos * exp(made.STORED[0] + made.STORED[1] ** 2 / 2)
    kept, _ = quad(
        lambda age: (1 - made.ERASED * age / made.RETENTION_DAYS) * (users + market.signups(day - age)),
        0, min(day, made.RETENTION_DAYS + 0.5), limit=200,
    )  # fmt: skip
    unused = made.UPLOADED * photos * made.UNUSED / (1 - made.UNUSED) * made.UPLOAD_BYTES * 1.5
    return float(reports * (size * kept + unused * (users + market.signups(day))))


def of_closed_forms(growth: float, random: np.random.Generator) -> dict[str, float]:
    """Return the largest errors over fresh lists, in percent."""
    market = made.Market(250_000, growth, LIST_DAYS)
    errors: dict[str, list[float]] = {"signups": [], "p50_month_12": [], "p50_month_24": []}
    for _ in range(LISTS):
        moments = market.draw(-LIST_DAYS, 0, random)
        found = forecasted(moments)
        errors["signups"].append(found.signups_next_year.p50 / market.signups(365) - 1)
        for month in (12, 24):
            expected = median_bytes(market, moments.size, ENDS[month] - 0.5)
            errors[f"p50_month_{month}"].append(found.bucket_bytes[month - 1].p50 / expected - 1)
    return {name: 100 * max(map(abs, values)) for name, values in errors.items()}


def coverage(growth: float, draws: int, random: np.random.Generator) -> dict[str, float]:
    """Return which share of fresh draws stays below each quantile, in percent, by month and quantile."""
    market = made.Market(5_000, growth, DRAW_DAYS)
    below = dict.fromkeys(((month, name) for month in (12, 24) for name in ("p50", "p90", "p99")), 0)
    for number in range(draws):
        listed = market.draw(-DRAW_DAYS, 0, random)
        found = forecasted(listed)
        everyone = np.concatenate([listed, market.draw(0, ENDS[24], random)])
        for month in (12, 24):
            size = made.stored_bytes(everyone, ENDS[month] - 0.5, random)
            quantiles = found.bucket_bytes[month - 1]
            for name, value in quantiles._asdict().items():
                below[month, name] += size <= value
        say(f"growth {growth:.1%}: draw {number + 1} of {draws}", again=True)
    return {f"{name}_month_{month}": 100 * count / draws for (month, name), count in below.items()}


def main(arguments: Sequence[str] = ()) -> None:
    """Measure, print one line per figure, and keep the run in docs/figures/planning-bucket.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planning.bucket", description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS, help="default: %(default)s")
    draws = parser.parse_args(arguments).draws
    figures, covered = [], {}
    for percent, growth in GROWTHS.items():
        random = np.random.default_rng([SEED, round(growth * 1000)])
        say(f"growth {growth:.1%} a day: {LISTS} lists of 250,000 users, {draws} of 5,000")
        for name, error in of_closed_forms(growth, random).items():
            goal = 2.0 if name == "signups" else 3.0
            figures.append(Figure(f"growth_{percent}_{name}_error_percent", error, at_most=goal))
        covered[percent] = coverage(growth, draws, random)
        figures += [
            Figure(
                f"growth_{percent}_p90_month_{month}_covers_percent",
                covered[percent][f"p90_month_{month}"],
                at_least=86.0,
                at_most=94.0,
            )
            for month in (12, 24)
        ]
    show(figures)
    keep(
        FIGURES / "planning-bucket.json",
        figures,
        {"lists": LISTS, "draws": draws, "seed": SEED, "draws_below_percent": covered},
    )


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
