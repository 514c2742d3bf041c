"""What the vision model saw on the photos of one report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Observation:
    """Probabilities from 0 to 1 by candidate answer; `wear` has one mapping per photo."""

    type: dict[str, float]
    material: dict[str, float]
    wear: tuple[dict[str, float], ...]
    caption: str
    artifact: str
