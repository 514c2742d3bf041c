"""What the LLM costs for a report: by its tier, and by how often the provider has the prompt's prefix."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planning.cost.usage import Languages, usage
from planning.prices.llms import known_llm
from services.core.usage import TokenPrices, Usage

if TYPE_CHECKING:
    from planning.workload import Workload
    from settings.environment import Environment

# Of the standard tier's price, in the slower tiers of a model that llms.csv does not have.
ASSUMED_FACTOR = 0.5


@dataclass(frozen=True)
class LlmCost:
    """USD of one report's call in the standard tier, without and with the prefix in the provider's cache.

    `cached_share` of the calls find it there, and `flex_share` are sent in the tier "flex". A factor of None:
    the provider does not serve the model in that tier.
    """

    uncached: float
    cached: float
    cached_share: float
    flex_share: float
    flex_factor: float | None
    batch_factor: float | None

    @property
    def standard(self) -> float:
        """USD of an average call in the standard tier."""
        return self.cached_share * self.cached + (1 - self.cached_share) * self.uncached

    @property
    def usd(self) -> float:
        """USD of an average call, as the settings send it."""
        cheaper = 1 - self.flex_factor if self.flex_factor is not None else 0.0
        return self.standard * (1 - self.flex_share * cheaper)


def languages_of(settings: Environment, workload: Workload) -> Languages:
    """Return the languages of a report's texts; of one language, English stands for both."""
    listed = settings.listing.languages if settings.listing is not None else ()
    if len(listed) == 2 or workload.assumptions.reports.languages == 2:
        return "both"
    return listed[0] if listed else "en"


def llm_cost(settings: Environment, workload: Workload) -> LlmCost:
    """Return what the environment's LLM costs for a report.

    A function words the reports of an async endpoint, and those whose client has gone: only these are sent by
    `llm.job_tier`.
    """
    llm, known = settings.llm, usage().llm
    languages = languages_of(settings, workload)
    prefix = known.prefix[languages]
    asked = round(prefix + known.facts[languages])
    answered = round(known.answer[languages])
    prices = TokenPrices(llm.usd_per_mtok_input, llm.usd_per_mtok_cached_input, llm.usd_per_mtok_output)
    cold = Usage(prompt_tokens=asked, completion_tokens=answered)
    warm = cold.model_copy(update={"cached_tokens": round(prefix)})
    listed = known_llm(llm.model)
    # A prefix that is not in the cache is written to it.
    written = max(0.0, listed.usd_per_mtok_cache_write - listed.usd_per_mtok_input) if listed else 0.0
    by_jobs = 1.0 if settings.model.mode == "async" else workload.assumptions.reports.late_share
    return LlmCost(
        uncached=cold.usd(prices) + prefix * written / 1e6,
        cached=warm.usd(prices),
        cached_share=_cached_share(workload, known.cached_minutes),
        flex_share=by_jobs if llm.job_tier == "flex" else 0.0,
        flex_factor=listed.flex_factor if listed else ASSUMED_FACTOR,
        batch_factor=listed.batch_factor if listed else ASSUMED_FACTOR,
    )


def _cached_share(workload: Workload, minutes: float) -> float:
    """The share of reports that follow another within `minutes`, if they arrive at random."""
    weekly = workload.hourly()
    if not (reports := sum(weekly)):
        return 0.0
    return sum(rate * -math.expm1(-rate * minutes / 60) for rate in weekly) / reports
