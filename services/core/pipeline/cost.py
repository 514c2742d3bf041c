"""What a report costs."""

from dataclasses import dataclass

from services.core.narrative.narrator import Narrative


@dataclass(frozen=True)
class Prices:
    """What the two models cost, in USD."""

    model_per_hour: float
    llm_per_mtok_input: float
    llm_per_mtok_output: float

    def looking(self, model_ms: float) -> float:
        """USD for the endpoint's time."""
        return self.model_per_hour * model_ms / 3_600_000

    def cost(self, vision_usd: float, narrative: Narrative) -> float:
        """USD for one report: what seeing cost, and the LLM's tokens."""
        tokens = (
            narrative.input_tokens * self.llm_per_mtok_input
            + narrative.output_tokens * self.llm_per_mtok_output
        )
        return round(vision_usd + tokens / 1_000_000, 6)
