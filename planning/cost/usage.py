"""What each event of a report's life uses, from `usage.toml`, and how often events happen in a month."""

from __future__ import annotations

import math
import tomllib
from collections import defaultdict
from functools import cache
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planning.assumptions import LogNormal

FILE = Path(__file__).with_name("usage.toml")
_OTHERS = ("kept", "model", "llm", "endpoint", "tasks", "balancer")
# The gateway bills a request in units of 512 KB. GB and KB of a bill are of 1,024, those of a photo of 1,000.
GATEWAY_UNIT_KB = 524.288
KB_PER_GB = 1024**3 / 1000
Languages = Literal["en", "fr", "both"]
Quantity = Literal[
    "access_log_kb",
    "answer_kb",
    "cpu_s",
    "gateway_units",
    "kms_requests",
    "lambda_gb_s",
    "lambda_runs",
    "log_kb",
    "read_units",
    "s3_gets",
    "s3_puts",
    "sns_requests",
    "sqs_requests",
    "webhook_kb",
    "write_units",
]
Part = Literal["authorized", "message"]
EventName = Literal[
    "submit",
    "submit_by_upload",
    "job",
    "infer_async",
    "late",
    "event",
    "poll",
    "view",
    "correct",
    "reword",
    "erase",
    "authorized",
    "message",
]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Amount(_Section):
    """So much for the event, and so much more for each photo."""

    each: Annotated[float, Field(ge=0)]
    photo: Annotated[float, Field(ge=0)] = 0.0

    def of(self, photos: float) -> float:
        """Return the amount with so many photos."""
        return self.each + photos * self.photo


_Amount = Annotated[
    Amount, BeforeValidator(lambda given: given if isinstance(given, dict) else {"each": given})
]
Event = dict[Quantity | Part, _Amount]


class Kept(_Section):
    """What stays of a report until it expires."""

    row_kb: _Amount
    log_compression: float


class ModelRequest(_Section):
    """A report's request to the endpoint."""

    photo_kb: float
    large_photo_kb: float
    inline_kb: float
    answer_kb: float


class LlmCall(_Section):
    """A report's call of the LLM, in tokens by the languages of its texts."""

    prefix: dict[Languages, float]
    facts: dict[Languages, float]
    answer: dict[Languages, float]
    cached_minutes: float
    kb: float


class Endpoint(_Section):
    """How an endpoint scales, and how long clients wait for it."""

    idle_minutes: float
    busy_share: float
    most_followed_s: float
    requests_per_minute: float
    overhead_s: float


class Tasks(_Section):
    """What a task of one vCPU does before another one is started."""

    cpu_share: float
    requests_per_minute: float


class Balancer(_Section):
    """What one LCU of the load balancer holds in an hour."""

    gb: float
    connections: float


class Usage(_Section):
    """All of `usage.toml`."""

    events: dict[EventName, Event]
    kept: Kept
    model: ModelRequest
    llm: LlmCall
    endpoint: Endpoint
    tasks: Tasks
    balancer: Balancer

    def amounts(self, counts: Mapping[EventName, float], photos: float) -> dict[Quantity, float]:
        """Return what so many events of each kind use, with so many photos a report on average."""
        total: dict[Quantity, float] = defaultdict(float)
        for name, count in counts.items():
            for what, amount in self.events[name].items():
                used = count * amount.of(photos)
                match what:
                    case "authorized" | "message":
                        for part, part_used in self.amounts({what: used}, photos).items():
                            total[part] += part_used
                    case _:
                        total[what] += used
        return total


@cache
def usage(file: Path = FILE) -> Usage:
    """Return what `usage.toml` holds."""
    values = tomllib.loads(file.read_text("utf-8"))
    others = {name: values.pop(name) for name in _OTHERS}
    return Usage.model_validate({"events": values, **others})


@cache
def gateway_units(photos: int, kb: LogNormal) -> float:
    """Return the expected number of 512-KB units of a request with so many photos of such a size.

    The sizes' distribution is added up on a grid of 8 KB, which is exact to a hundredth of a unit.
    """
    step, cells = 8.0, 2048
    edges = (np.arange(cells + 1) * step).clip(min=1e-9)
    normal = NormalDist(math.log(kb.median), kb.sigma)
    shares = np.diff([normal.cdf(math.log(edge)) for edge in edges])
    together = np.zeros(cells)
    together[0] = 1.0
    for _ in range(photos):
        together = np.convolve(together, shares)[:cells]
    # A photo of a cell is half a step larger than the cell's start.
    sizes = (np.arange(cells) + photos / 2) * step
    return float(together @ np.ceil(sizes / GATEWAY_UNIT_KB) / together.sum())
