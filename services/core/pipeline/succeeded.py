"""The succeeded report of an assessment and its narrative."""

from services.core.domain.assessment import Assessment
from services.core.domain.report import Report, Status
from services.core.narrative.grounding import fitting_caption
from services.core.narrative.narrator import Narrative
from services.core.pipeline.outcomes import Seen
from services.core.pipeline.pricing import Prices
from services.core.telemetry import Stages


def succeeded(
    report: Report,
    seen: Seen,
    assessment: Assessment,
    narrative: Narrative,
    llm: str | None,
    stages: Stages,
    prices: Prices,
) -> Report:
    """The report with its result; `llm` is None if the text is the template's."""
    timings = report.timings_ms.model_copy(update=stages.timings)
    return report.model_copy(
        update={
            "status": Status.SUCCEEDED,
            "waiting": None,
            "product": assessment.product,
            "condition": assessment.condition,
            "confidence": assessment.confidence,
            "title": narrative.text.title,
            "description": narrative.text.description,
            "caption": fitting_caption(assessment),
            "evidence": assessment.evidence,
            "narrative": narrative.source,
            "model": seen.provenance.model_copy(update={"llm": llm}),
            "timings_ms": timings,
            "cost_usd": prices.report_usd(seen, timings.model or 0.0, narrative),
        }
    )
