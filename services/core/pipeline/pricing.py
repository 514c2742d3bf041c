"""What a report costs."""

from dataclasses import dataclass

from services.core.narrative.narrator import Narrative
from services.core.pipeline.outcomes import Seen


@dataclass(frozen=True)
class Prices:
    """Prices of the vision model and of the narrating LLM, in USD."""

    model_per_hour: float
    llm_per_mtok_input: float
    llm_per_mtok_output: float

    def endpoint_usd(self, model_ms: float) -> float:
        """The price of the endpoint's time."""
        return self.model_per_hour * model_ms / 3_600_000

    def report_usd(self, seen: Seen, model_ms: float, narrative: Narrative) -> float | None:
        """The price of a report: its observation and the LLM's tokens; None if one of them is unknown."""
        of_endpoint = not seen.provenance.reused and seen.provenance.bridge is None
        vision_usd = self.endpoint_usd(model_ms) if of_endpoint else seen.cost_usd
        if vision_usd is None or narrative.usage is None:
            return None
        llm_usd = narrative.usage.usd(self.llm_per_mtok_input, self.llm_per_mtok_output)
        return round(vision_usd + llm_usd, 6)
