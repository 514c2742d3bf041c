"""What the planner assumes of users and photos: `assumptions.toml`, and single values of a second file."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from statistics import NormalDist
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from planning.errors import PlanningError

FILE = Path(__file__).with_name("assumptions.toml")
Weight = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


def _not_all_zero(weights: tuple[float, ...]) -> tuple[float, ...]:
    if not sum(weights):
        raise ValueError("at least one above 0")
    return weights


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Triangular(_Section):
    """A value from `low` to `high`, most likely `mode`."""

    low: Share
    mode: Share
    high: Share

    @model_validator(mode="after")
    def _ordered(self) -> Triangular:
        if not self.low <= self.mode <= self.high or self.low == self.high:
            raise ValueError("low <= mode <= high, and low below high")
        return self

    @property
    def mean(self) -> float:
        """The expected value."""
        return (self.low + self.mode + self.high) / 3


class LogNormal(_Section):
    """A positive value: half are below `median`, nine of ten below `p90`."""

    median: Positive
    p90: Positive

    @model_validator(mode="after")
    def _ordered(self) -> LogNormal:
        if self.p90 <= self.median:
            raise ValueError("a p90 above the median")
        return self

    @property
    def sigma(self) -> float:
        """The standard deviation of its logarithm."""
        return math.log(self.p90 / self.median) / NormalDist().inv_cdf(0.9)

    @property
    def mean(self) -> float:
        """The expected value."""
        return self.median * math.exp(self.sigma**2 / 2)


class Users(_Section):
    """How many users are active, and how many reports each makes in a month."""

    active_share: Triangular
    active_from_list: bool
    reports_per_active_user: LogNormal
    growth_continues: Annotated[float, Field(ge=0, le=10)]
    growth_spread: Annotated[float, Field(gt=0, le=0.1)]


class Photos(_Section):
    """Photos of a report, and their sizes."""

    per_report: Annotated[tuple[Share, ...], Field(min_length=1, max_length=8), AfterValidator(_not_all_zero)]
    stored_kb: LogNormal
    sent_kb: LogNormal
    uploaded_share: Share
    uploaded_mb: Positive
    unused_share: Annotated[float, Field(ge=0, lt=1)]

    @property
    def mean_per_report(self) -> float:
        """The expected number of photos of a report."""
        shares = self.per_report
        return sum(n * share for n, share in enumerate(shares, 1)) / sum(shares)


class Reports(_Section):
    """What happens to a report."""

    languages: Annotated[int, Field(ge=1, le=2)]
    corrected_share: Share
    reworded_share: Share
    viewed: Annotated[float, Field(ge=0)]
    erased_share: Share
    worded_s: LogNormal
    late_share: Share


class Arrivals(_Section):
    """When reports come: weights of the 24 hours and the 7 weekdays, and how busy a busy day is."""

    hours: Annotated[tuple[Weight, ...], Field(min_length=24, max_length=24), AfterValidator(_not_all_zero)]
    days: Annotated[tuple[Weight, ...], Field(min_length=7, max_length=7), AfterValidator(_not_all_zero)]
    peak_over_mean: Annotated[float, Field(ge=1)]


class Assumptions(_Section):
    """All that the planner assumes."""

    users: Users
    photos: Photos
    reports: Reports
    arrivals: Arrivals


def load_assumptions(own: Path | None = None) -> Assumptions:
    """Return the committed assumptions, with the values of `own` in their place.

    Raises PlanningError, which names file, key and value.
    """
    values = _read(FILE)
    if own is not None:
        for section, keys in _read(own).items():
            values[section] = values.get(section, {}) | keys if isinstance(keys, dict) else keys
    try:
        return Assumptions.model_validate(values, strict=False)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise PlanningError(
            f"{own or FILE}: {key}: {first['msg']}; it is {first['input']!r}.",
            hint=f"{FILE.name} shows each key and its unit.",
        ) from error


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanningError(f"{file}: cannot be read as TOML: {error}") from error
