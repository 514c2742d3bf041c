"""The prices of LLMs, from `llms.csv`, and when their providers shut them down."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from planning.prices.rows import read_rows
from planning.prices.sources import Confidence, Usd

FILE = Path(__file__).with_name("llms.csv")
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")
_Factor = Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True)
class Llm:
    """A model's USD per million tokens in the standard tier, and what share of it the cheaper tiers cost.

    Of the prompt, a token is billed as input, as read from the provider's cache, or as written to it.
    A factor of None: the model is not served in that tier. A `shutdown_date` of None: none is announced.
    """

    model: str
    usd_per_mtok_input: Usd
    usd_per_mtok_cached_input: Usd
    usd_per_mtok_cache_write: Usd
    usd_per_mtok_output: Usd
    batch_factor: _Factor | None
    flex_factor: _Factor | None
    shutdown_date: date | None
    source: str
    as_of: date
    confidence: Confidence


@cache
def all_llms(file: Path = FILE) -> tuple[Llm, ...]:
    """Return every row of the file; raises PlanningError where one is wrong."""
    return read_rows(file, Llm)


def known_llm(model: str) -> Llm | None:
    """Return the row of a model; of a dated snapshot, as in gpt-5.1-2025-11-13, that of its alias."""
    known = {one.model: one for one in all_llms()}
    return known.get(model) or known.get(_SNAPSHOT.sub("", model))
