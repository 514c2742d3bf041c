"""Where a price is from, and why a reader should doubt it."""

from datetime import date, timedelta
from typing import Annotated, Literal, Protocol

from pydantic import Field

STALE_AFTER = timedelta(days=180)
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Confidence = Literal["listed", "assumed"]


class Sourced(Protocol):
    """A price that was read from `source` on `as_of`, or that is assumed from it."""

    @property
    def source(self) -> str:
        """A place to read it again, or a rule, as in "us-east-1, plus the usual tenth"."""

    @property
    def as_of(self) -> date:
        """When it was read there."""

    @property
    def confidence(self) -> Confidence:
        """Whether the source lists it."""


def doubt(price: Sourced, today: date) -> str | None:
    """Return why a reader should doubt a price, or None if it is listed and fresh."""
    if price.confidence == "assumed":
        return f"assumed from {price.source}"
    if today - price.as_of > STALE_AFTER:
        return f"of {price.as_of}, over {STALE_AFTER.days} days old"
    return None


class RefusedError(Exception):
    """What a source says of an item is not its price; `str()` says why."""


class AwayError(Exception):
    """A source gives no answers now; `str()` says which and why."""
