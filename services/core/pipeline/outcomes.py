"""What a step of processing a report gives."""

from dataclasses import dataclass

from services.core.domain.errors import CatalogueMismatch, ModelAnswerInvalid, ModelUnavailable
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


def provenance(
    endpoint: str, observation: Observation, *, reused: bool = False, bridge: str | None = None
) -> Provenance:
    """Who gave the observation: the endpoint's artifact, now or within a day, or the LLM `bridge`."""
    return Provenance(
        endpoint=endpoint,
        artifact=None if bridge else observation.artifact,
        catalogue=observation.catalogue,
        calibrated=observation.calibrated,
        reused=reused,
        bridge=bridge,
    )


@dataclass(frozen=True)
class Unanswered:
    """Neither the endpoint nor a fallback LLM gives a usable answer now; `code` is that of the fault."""

    reason: str
    code: str = ModelUnavailable.code

    @property
    def invalid_answer(self) -> bool:
        """Whether the endpoint's answer breaks its contract."""
        return self.code == ModelAnswerInvalid.code


def overdue_fault(endpoint: str, catalogue: str, code: str | None) -> ModelUnavailable:
    """The error of a report without an answer in 24 hours; `code` is that of its last fault."""
    if code == CatalogueMismatch.code:
        return CatalogueMismatch(
            f"for 24 hours {endpoint} had another catalogue than this service, which has {catalogue}"
        )
    return ModelUnavailable(f"the endpoint {endpoint} was unavailable for 24 hours")


# What looking at the photos gives.
Looked = Seen | PendingInference | Unanswered
# What processing gives: the ended report; else the report is released, and a later message continues it.
Processed = Report | PendingInference | Unanswered
