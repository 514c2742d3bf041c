"""What the vision model gives for the photos of one report: an observation, or the promise of one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Observation:
    """Probabilities from 0 to 1 by candidate answer; `wear` has one mapping per photo."""

    type: dict[str, float]
    material: dict[str, float]
    wear: tuple[dict[str, float], ...]
    caption: str
    artifact: str


@dataclass(frozen=True)
class PendingInference:
    """A request that an async endpoint has accepted, at `at` seconds since 1970, as the report's nth attempt.

    The keys name objects in the exchange bucket; `input_key` is None if the request was sent inline.
    """

    input_key: str | None
    output_key: str
    at: int
    attempt: int = 1


@dataclass(frozen=True)
class LostInference:
    """The endpoint does not know the request, or knows it no longer: it must be sent again."""
