"""How big the bucket gets, what that costs, and what it depends on, as an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planning.answer import Answer
from planning.bucket.forecast import SEED, forecast

if TYPE_CHECKING:
    from datetime import date

    from planning.assumptions import Assumptions
    from planning.users.user_list import UserList
    from settings.environment import Environment

GB = 2**30  # as S3 bills it


def bucket_answer(
    settings: Environment, users: UserList, assumptions: Assumptions, today: date, seed: int = SEED
) -> Answer:
    """Return the size of the bucket in the next 24 months, and its cost."""
    found = forecast(settings, users, assumptions, today, seed)
    last = found.bucket_bytes[-1]
    return Answer(
        title=f"The bucket of {settings.name}, for the users of {users.name}",
        lead=f"In 24 months it holds {last.p50 / GB:.1f} GB (P50) or {last.p90 / GB:.1f} GB (P90).",
    )
