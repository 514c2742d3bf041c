"""The log line of a report's end, which carries its metrics."""

import logging
from datetime import UTC, datetime

from services.core.domain.report import Reason, Report, Status
from services.core.llm import Usage
from services.core.metrics import MetricName

# An endpoint that runs answers within its call's 60 s. One that starts from zero instances takes minutes.
COLD_WAKE_MS = 120_000.0
_LOW = {Reason.NOT_RECOGNISED, Reason.MATERIAL_UNCERTAIN, Reason.WEAR_UNCERTAIN}
logger = logging.getLogger(__name__)


def log_ended(report: Report, usage: Usage | None = None) -> None:
    """Log that a report has ended and was written; `usage` is what the LLM billed for its text."""
    succeeded = report.status is Status.SUCCEEDED
    elapsed_ms = max(0.0, round((datetime.now(UTC) - report.created_at).total_seconds() * 1000, 1))
    stages_ms = report.timings_ms.model_dump(exclude_none=True)
    logger.log(
        logging.INFO if succeeded else logging.WARNING,
        "report ended",
        extra={
            "report": report.id,
            "outcome": report.status.value,
            "reason": report.failure.code if report.failure else None,
            "duration_ms": elapsed_ms,
            "stages_ms": stages_ms,
            "cost_usd": report.cost_usd,
            "metrics": _metrics(report, elapsed_ms, usage),
        },
    )


def _metrics(report: Report, elapsed_ms: float, usage: Usage | None) -> dict[MetricName, float]:
    timings = report.timings_ms
    values: dict[MetricName, float | None] = {
        "ReportLatency": elapsed_ms,
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
