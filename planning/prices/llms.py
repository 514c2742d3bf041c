"""The prices of LLMs, from `llms.csv`, and when their providers shut them down."""

import csv
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from planning.errors import UnknownLlmError
from planning.prices.price_list import Confidence, old

FILE = Path(__file__).with_name("llms.csv")
_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True)
class Llm:
    """A model's USD per million tokens in the standard tier, and what share of it the cheaper tiers cost.

    A factor of None: the model is not served in that tier. A `shutdown_date` of None: none is announced.
    """

    model: str
    usd_per_mtok_input: float
    usd_per_mtok_cached_input: float
    usd_per_mtok_output: float
    batch_factor: float | None
    flex_factor: float | None
    shutdown_date: date | None
    source: str
    as_of: date
    confidence: Confidence

    def doubt(self, today: date) -> str | None:
        """Return why a reader should doubt the price, or None if it is listed and fresh."""
        return f"assumed from {self.source}" if self.confidence == "assumed" else old(self.as_of, today)


@cache
def all_llms(file: Path = FILE) -> tuple[Llm, ...]:
    """Return every row of the file."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [{key: value or None for key, value in row.items()} for row in csv.DictReader(lines)]
        return tuple(TypeAdapter(list[Llm]).validate_python(rows))


def known_llm(model: str) -> Llm | None:
    """Return the row of a model; of a dated snapshot, as in gpt-5.1-2025-11-13, that of its alias."""
    known = {one.model: one for one in all_llms()}
    return known.get(model) or known.get(_SNAPSHOT.sub("", model))


def llm_price(model: str) -> Llm:
    """Return the row of a model; raises UnknownLlmError."""
    if (found := known_llm(model)) is None:
        raise UnknownLlmError(model, ", ".join(one.model for one in all_llms()))
    return found
