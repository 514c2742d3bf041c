"""Tells PostHog of each report that ends and of each call of the LLM; no report depends on it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from services.core.analytics.events import Deployment, Event, ai_generation, report_ended
from services.core.analytics.sender import Sender
from services.core.domain.report import Report
from services.core.usage import LlmCall, TokenPrices

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportAnalytics:
    """Builds the events of a deployment, and hands them to its sender; by default to none. Never raises."""

    sender: Sender = field(default_factory=Sender)
    deployment: Deployment = field(default_factory=Deployment)

    def report_ended(self, report: Report, owner: str, *, photos: int, total_ms: float) -> None:
        """Tell of a report that has ended and was written."""
        self._capture(lambda: report_ended(report, owner, self.deployment, photos=photos, total_ms=total_ms))

    def llm_called(self, call: LlmCall, owner: str, prices: TokenPrices) -> None:
        """Tell of a call of the LLM, at these prices."""
        usd = None if call.usage is None else call.usage.usd(prices)
        self._capture(lambda: ai_generation(call, owner, self.deployment, usd=usd))

    def _capture(self, build: Callable[[], Event]) -> None:
        if not self.sender.is_on:
            return
        try:
            self.sender.capture(build())
        except Exception as error:  # of any kind: the report has ended, whatever is told of it
            logger.warning("event not built", extra={"error": type(error).__name__})
