"""Which share of the users is active in a month: as the list says, or as assumed."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from planning.assumptions import Triangular

if TYPE_CHECKING:
    from planning.assumptions import Users

_Z = 1.96  # an interval of 95 %


def active_share(active: int | None, reporting: int, assumed: Users) -> tuple[Triangular, bool]:
    """Return the active share, and whether the list of `reporting` users tells it by its `active` ones.

    A sign-in proves that a user is active, but a session that goes on needs none: the measured share can be
    too low. So above it the distribution is as wide as the assumed one is above its mode.
    """
    if active is None or not reporting or not assumed.active_from_list:
        return assumed.active_share, False
    low, high = _interval(active, reporting)
    share = active / reporting
    wider = share * assumed.active_share.high / max(assumed.active_share.mode, 1e-9)
    return Triangular(low=low, mode=share, high=min(1.0, max(high, wider))), True


def _interval(count: int, total: int) -> tuple[float, float]:
    """Return Wilson's interval of a share."""
    share, weight = count / total, 1 + _Z**2 / total
    middle = (share + _Z**2 / (2 * total)) / weight
    half = _Z / weight * sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    return max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share))
