"""The end of a report: its result or failure, what it costs, and its log line, which carries its metrics."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from catalogue import Catalogue
from services.core.domain.assessment import Assessment
from services.core.domain.errors import ModelFault, VitrineError
from services.core.domain.failure import Failure
from services.core.domain.listing import Translation
from services.core.domain.report import Reason, Report, Status, Timings
from services.core.metrics import MetricName
from services.core.narrative.grounding import fitting_caption
from services.core.narrative.lexicon import lexicon
from services.core.narrative.narrator import Narrative
from services.core.pipeline.listed import listed
from services.core.pipeline.outcomes import Seen
from services.core.telemetry import Stages
from services.core.usage import TokenPrices, Usage

# An endpoint that runs answers within its call's 60 s. One that starts from zero instances takes minutes.
COLD_WAKE_MS = 120_000.0
_LOW = {Reason.NOT_RECOGNISED, Reason.MATERIAL_UNCERTAIN, Reason.WEAR_UNCERTAIN}
# The fields that only an unfinished report has.
_AT_REST: dict[str, Any] = {"waiting": None, "waiting_code": None, "stage": None}
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prices:
    """Prices of the vision model and of the narrating LLM, in USD."""

    model_per_hour: float
    llm: TokenPrices

    def endpoint_usd(self, model_ms: float) -> float:
        """The price of the endpoint's time."""
        return self.model_per_hour * model_ms / 3_600_000

    def report_usd(self, seen: Seen, model_ms: float, narrative: Narrative) -> float | None:
        """The price of a report: its observation and the LLM's tokens; None if one of them is unknown."""
        vision_usd = self.endpoint_usd(model_ms) if seen.is_new else seen.cost_usd
        llm_usd = self.llm_usd(narrative)
        return None if vision_usd is None or llm_usd is None else round(vision_usd + llm_usd, 6)

    def llm_usd(self, narrative: Narrative) -> float | None:
        """The price of the LLM's tokens; None if it did not say how many."""
        usage = narrative.usage
        return usage.usd(self.llm) if usage is not None else None


def succeeded(
    report: Report,
    seen: Seen,
    assessment: Assessment,
    narrative: Narrative,
    llm: str | None,
    stages: Stages,
    prices: Prices,
    catalogue: Catalogue,
) -> Report:
    """The report with its result; `llm` is None if all of the text is the template's."""
    timings = _timings(report, stages)
    texts = {
        language: Translation(title=text.title, description=text.description, narrative=text.source)
        for language, text in narrative.texts.items()
    }
    own = texts[report.language]
    return report.model_copy(
        update={
            **listed(assessment, texts, catalogue),
            "status": Status.SUCCEEDED,
            **_AT_REST,
            "product": assessment.product,
            "condition": assessment.condition,
            "confidence": assessment.confidence,
            "title": own.title,
            "description": own.description,
            "caption": fitting_caption(assessment, lexicon(catalogue, "en")),
            "evidence": assessment.evidence,
            "narrative": own.narrative,
            "model": seen.provenance.model_copy(update={"llm": llm}),
            "timings_ms": timings,
            "cost_usd": prices.report_usd(seen, timings.model or 0.0, narrative),
        }
    )


def failed(report: Report, error: Exception, stages: Stages) -> Report:
    """The report with the error as its reason; an error that is none of ours is not described."""
    if isinstance(error, VitrineError):
        code = error.code if isinstance(error, ModelFault) else "invalid_input"
        failure = Failure(code=code, reason=str(error))
    else:
        failure = Failure(code="internal_error", reason="the service made a mistake; it has been logged")
    update = {"status": Status.FAILED, **_AT_REST, "failure": failure}
    return report.model_copy(update=update | {"timings_ms": _timings(report, stages)})


def _timings(report: Report, stages: Stages) -> Timings:
    return report.timings_ms.model_copy(update=stages.timings)


def elapsed_ms(report: Report) -> float:
    """Milliseconds since the report was accepted."""
    return max(0.0, round((datetime.now(UTC) - report.created_at).total_seconds() * 1000, 1))


def log_ended(report: Report, total_ms: float, usage: Usage | None = None) -> None:
    """Log that a report has ended, `total_ms` after its acceptance, and was written.

    `usage` is what the LLM billed for its text.
    """
    stages_ms = report.timings_ms.model_dump(exclude_none=True)
    logger.log(
        logging.INFO if report.status is Status.SUCCEEDED else logging.WARNING,
        "report ended",
        extra={
            "report": report.id,
            "outcome": report.status.value,
            "reason": report.failure.code if report.failure else None,
            "duration_ms": total_ms,
            "stages_ms": stages_ms,
            "cost_usd": report.cost_usd,
            "metrics": _metrics(report, total_ms, usage),
        },
    )


def _metrics(report: Report, total_ms: float, usage: Usage | None) -> dict[MetricName, float]:
    timings = report.timings_ms
    values: dict[MetricName, float | None] = {
        "ReportLatency": total_ms,
        "DecodeLatency": timings.photo,
        "StoreLatency": timings.accept,
        "ModelLatency": timings.model,
        "NarrateLatency": timings.narrate,
        "ColdWakes": None if timings.model is None else float(timings.model >= COLD_WAKE_MS),
        "CostUsd": report.cost_usd,
        "LlmTokens": None if usage is None else usage.prompt_tokens + usage.completion_tokens,
        "ReportsFailed": float(report.status is Status.FAILED),
        "ReportsSucceeded": float(report.status is Status.SUCCEEDED),
    }
    if report.status is Status.SUCCEEDED:
        reasons = report.confidence.reasons if report.confidence else ()
        values["ReportsTemplated"] = float(report.narrative == "template")
        values["LowScores"] = float(not _LOW.isdisjoint(reasons))
    return {name: value for name, value in values.items() if value is not None}
