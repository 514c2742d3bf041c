"""The time of a request by its stages, and the most that it should take."""

import re
from dataclasses import dataclass

GOAL_S = 10.0
_STAGE = re.compile(r"([a-z]+)\s*;\s*dur=([0-9.]+)")


@dataclass(frozen=True)
class Timing:
    """Milliseconds: of each stage as the service measured it, of the whole as the caller did."""

    stages_ms: dict[str, float]
    total_ms: float

    @classmethod
    def of(cls, server_timing: str, total_ms: float) -> "Timing":
        """Read the stages from a Server-Timing header; what it does not hold is left out."""
        return cls({name: float(ms) for name, ms in _STAGE.findall(server_timing)}, total_ms)

    @property
    def rest_ms(self) -> float:
        """The time outside of the stages: the network and the gateway."""
        return max(self.total_ms - sum(self.stages_ms.values()), 0.0)

    @property
    def kept(self) -> bool:
        """Whether the request was within its goal."""
        return self.total_ms <= GOAL_S * 1000

    @property
    def verdict(self) -> str:
        """The goal, and whether the request met it."""
        return "within the goal of 5–10 s" if self.kept else "over the goal of 5–10 s"
