"""What a reader of a forecast must know: what its list does not tell, and what is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planning.assumptions import Assumptions
    from planning.bucket.forecast import Forecast
    from planning.users.user_list import UserList

OLD_DAYS = 31
STRONG_GROWTH = 10  # times as many users after the plan as today
UNEVEN = 3  # the variance of a day's sign-ups over their mean


def notes(users: UserList, found: Forecast, assumptions: Assumptions) -> Iterator[str]:
    """Yield the notes about a forecast."""
    yield from (f"{users.name}: {note}." for note in users.notes)
    yield from _list_notes(users, found)
    yield from _growth_notes(found)
    busy, active = assumptions.users.reports_per_active_user, found.plan.active_share
    source = "as the list's last sign-ins say, or more" if found.active_measured else "assumed"
    yield (
        f"Active are {active.low:.0%} to {active.high:.0%} of the users, most likely {active.mode:.0%}: "
        f"{source}. Half of them make under {busy.median:g} reports in a month, nine of ten under "
        f"{busy.p90:g}: assumed."
    )
    yield "P90 and P99 hold if the assumptions do; the table of what matters most shows what others lead to."


def _list_notes(users: UserList, found: Forecast) -> Iterator[str]:
    start = found.plan.start
    if start.reporting < start.total:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in users.left_out.items())
        left_out = start.total - start.reporting
        share = left_out / start.total
        yield f"{share:.1%} of the users can make no report ({kinds}); of the new ones it is the same share."
    if (ago := (found.start - users.last).days) > OLD_DAYS:
        yield (
            f"The last sign-up is of {users.last}, {ago} days ago: the growth is taken to go on "
            "since then. Export the list again."
        )


def _growth_notes(found: Forecast) -> Iterator[str]:
    growth = found.plan.growth
    if growth is None:
        yield "The list is too short to tell a growth: the plan is for its users alone, without new ones."
        return
    if growth.left_out:
        days = ", ".join(map(str, growth.left_out[:5])) + (" and others" if len(growth.left_out) > 5 else "")
        yield f"The sign-ups of {days} look like an import: they count as users, and not for the growth."
    if growth.dispersion > UNEVEN:
        yield (
            f"Sign-ups vary from day to day {growth.dispersion:.0f} times as much as by chance; "
            "the quantiles are as much wider."
        )
    if growth.recent is not None:
        yield (
            f"Sign-ups do not grow evenly: by {growth.slope:.2%} a day over the whole list, and by "
            f"{growth.recent.slope:.2%} over its last {growth.recent.days} days. The plan goes on with the "
            "first; users.growth_continues in a file for --assume says to which share."
        )
    times = found.users[-1].p50 / found.plan.start.total
    if times > STRONG_GROWTH:
        yield (
            f"The list's growth makes {times:,.0f} times as many users in {len(found.users)} months. "
            "If it slows down, users.growth_continues in a file for --assume says to which share."
        )
