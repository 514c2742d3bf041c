"""A served archive asked about a known photo, as the service asks its endpoint."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from services.core.domain.errors import ModelAnswerInvalid
from services.core.vision.endpoint import RealtimeVisionEndpoint

from ..served import Launch, own_server, serving
from . import refusals
from .memory import peak

if TYPE_CHECKING:
    from services.core.domain.observation import Observation

    from ..unpacked import Unpacked

_PHOTO = Path(__file__).resolve().parents[4] / "examples" / "photos" / "drawn-mug.jpg"


@dataclass(frozen=True)
class Flight:
    """What was seen on the photo, and what it took: seconds and bytes."""

    observation: Observation
    ready_after_s: float
    first_answer_s: float
    peak_memory: int


def fly(archive: Unpacked, python: Path, launch: Launch = own_server) -> Flight:
    """Serve with that interpreter, ask, and let the service's own code judge the answer.

    Raises what serving raises, and WrongShapeError.
    """
    with serving(archive, python, launch) as runtime:
        begun = time.monotonic()
        try:
            observation = RealtimeVisionEndpoint(cast("Any", runtime), str(archive.archive)).observe(
                [_PHOTO.read_bytes()]
            )
        except ModelAnswerInvalid as error:
            raise refusals.WrongShapeError(f"{archive.archive}: {error}") from error
        took = time.monotonic() - begun
        return Flight(observation, runtime.ready_after_s, took, peak(runtime.process.pid))


def largest_difference(one: Observation, other: Observation) -> float:
    """Of a probability in two answers; raises OtherAnswerError where caption or artifact are not the same."""
    if (one.artifact, one.caption) != (other.artifact, other.caption):
        raise refusals.OtherAnswerError(
            f"TorchServe answers {other.artifact}: {other.caption!r}, and our own server "
            f"{one.artifact}: {one.caption!r}"
        )
    tables = zip((one.type, one.material, *one.wear), (other.type, other.material, *other.wear), strict=True)
    return max(abs(old[word] - new[word]) for old, new in tables for word in old)
