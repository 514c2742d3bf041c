"""What a step of processing a report gives."""

from dataclasses import dataclass

from services.core.domain.observation import Observation, PendingInference
from services.core.domain.report import Provenance, Report

RETRIED = "retried every 15 minutes for up to 24 hours"


@dataclass(frozen=True)
class Seen:
    """An observation, where it comes from, and its price in USD, if that is not the endpoint's time."""

    observation: Observation
    provenance: Provenance
    # Of a fallback LLM that did not say what it billed: None.
    cost_usd: float | None = None

    @property
    def is_new(self) -> bool:
        """Whether the endpoint has just given this observation, so that it may be reused."""
        return not self.provenance.reused and self.provenance.bridge is None


@dataclass(frozen=True)
class Unanswered:
    """Neither the endpoint nor a fallback LLM gives a usable answer now."""

    reason: str
    invalid_answer: bool = False


# What looking at the photos gives.
Looked = Seen | PendingInference | Unanswered
# What processing gives: the ended report; else the report is released, and a later message continues it.
Processed = Report | PendingInference | Unanswered
