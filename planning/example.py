"""`python -m planning example`: a made list of users of one marketplace, in the form of Supabase's export.

The worked example of docs/planning.md, and a page without a list, are made from it. It has no addresses: the
planner reads only when users came.
"""

from __future__ import annotations

import csv
import io
import math
import random
import uuid
from datetime import UTC, date, datetime, time, timedelta

import click

TODAY = date(2026, 11, 27)
USERS = 5_000
DAYS = 540
GROWTH_PER_DAY = 0.002
SEED = 7
NAME = "example.csv"
COLUMNS = ("id", "created_at", "confirmed_at", "last_sign_in_at")
# More people sign up in the evening than at night; the hour says nothing else.
_HOURS = (1, 1, 1, 1, 1, 2, 4, 6, 8, 9, 10, 11, 12, 11, 10, 10, 10, 11, 13, 15, 16, 13, 8, 4)
_CONFIRMED, _CAME_BACK = 0.96, 0.55
_CAME_BACK_WITHIN_DAYS = 45.0


def example_csv(
    users: int = USERS,
    growth_per_day: float = GROWTH_PER_DAY,
    days: int = DAYS,
    today: date = TODAY,
    seed: int = SEED,
) -> bytes:
    """Return the list of a marketplace whose sign-ups grow by a rate per day, as UTF-8 with a header.

    Exactly `users` rows, signed up in the `days` before `today`, oldest first. The same arguments give the
    same bytes.
    """
    draw = random.Random(seed)  # noqa: S311 - no secret
    weights = [math.exp(growth_per_day * day) for day in range(days)]
    signed_up = sorted(draw.choices(range(days), weights, k=users))
    first = today - timedelta(days=days)
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    moments = sorted(_moment(draw, first + timedelta(days=day)) for day in signed_up)
    end = datetime.combine(today, time(), UTC)
    for created in moments:
        confirmed = created + timedelta(seconds=draw.expovariate(1 / 240))
        back = confirmed + timedelta(days=draw.expovariate(1 / _CAME_BACK_WITHIN_DAYS))
        is_confirmed = draw.random() < _CONFIRMED and confirmed < end
        last = back if draw.random() < _CAME_BACK and back < end else confirmed
        rows.writerow(
            (
                uuid.UUID(int=draw.getrandbits(128), version=4),
                _postgres(created),
                _postgres(confirmed) if is_confirmed else "",
                _postgres(last) if is_confirmed else "",
            )
        )
    return text.getvalue().encode()


def _moment(draw: random.Random, day: date) -> datetime:
    (hour,) = draw.choices(range(24), _HOURS)
    return datetime.combine(day, time(hour), UTC) + timedelta(seconds=round(draw.uniform(0, 3599.999), 6))


def _postgres(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f+00")


@click.command()
@click.option(
    "--users", type=click.IntRange(1, 1_000_000), default=USERS, show_default=True, help="How many."
)
@click.option("--growth", type=click.FloatRange(-0.05, 0.05), default=GROWTH_PER_DAY, show_default=True,
              help="Growth of the sign-ups per day; 0.002 is 0.2 percent.")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 10_000), default=DAYS, show_default=True,
              help="Age of the marketplace in days.")  # fmt: skip
@click.option("--seed", type=int, default=SEED, show_default=True, help="Another seed gives another list.")
def example(users: int, growth: float, days: int, seed: int) -> None:
    """Print a made list of users, to try the planner with before there is a list of your own.

    It has the columns of Supabase's export that the planner reads: when each user signed up, confirmed the
    address and last signed in. The list ends on 27 November 2026; the same options print the same list.
    """
    click.echo(example_csv(users, growth, days, TODAY, seed), nl=False)
