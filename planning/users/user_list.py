"""What a list of users says: sign-ups of each day, who cannot make reports, and how many are active."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ACTIVE_DAYS = 30


@dataclass(frozen=True)
class UserList:
    """A list of users, counted: `signups[n]` signed up on the day `first + n`, in UTC.

    `left_out` counts those who cannot make reports: deleted, banned, anonymous, unconfirmed. `active` counts
    the others who signed in within ACTIVE_DAYS before the list's end, or is None if the list does not say.
    `notes` say how dates with two readings were read.
    """

    name: str
    first: date
    signups: tuple[int, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    active: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """All users of the list."""
        return sum(self.signups)

    @property
    def last(self) -> date:
        """The day of the last sign-up."""
        return self.first + timedelta(days=len(self.signups) - 1)

    def reporting(self, *, anonymous: bool = False) -> int:
        """Return the number of users who can make reports; `anonymous` ones where the settings allow them."""
        return self.total - sum(
            count for kind, count in self.left_out.items() if not (anonymous and kind == "anonymous")
        )
