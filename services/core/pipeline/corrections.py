"""Corrects a report by its owner's merge patch: the rule's grade and the template's text follow the facts."""

from datetime import UTC, datetime
from typing import Any

from services.core.domain.assessment import Assessment
from services.core.domain.corrections import GivenCorrections, RewrittenText, corrected, merge_patch
from services.core.domain.observation import vocabulary
from services.core.domain.report import Flaw, Reason, Reliance, Report
from services.core.narrative.grounding import caption_fits
from services.core.narrative.template import template_text
from services.core.narrative.wording import wording

# What a patch holds; the rest of what is stored follows from it.
_PATCHED = frozenset({"product", "condition", "title", "description"})
_FLAWS = frozenset(Reason(flaw.value) for flaw in Flaw)


def patched(report: Report, given: GivenCorrections | None, patch: dict[str, Any]) -> GivenCorrections | None:
    """What the owner has corrected of `report` once `patch` is merged into `given`; None: nothing."""
    before = given.model_dump(include=set(_PATCHED), exclude_none=True) if given else {}
    after = merge_patch(before, patch)
    if not after:
        return None
    if after == before:
        return given
    merged = GivenCorrections.model_validate({**after, "corrected_at": datetime.now(UTC)})
    if not merged.about_facts:
        return merged
    return merged.model_copy(update={"rewritten": _rewritten(corrected(report, merged))})


def _rewritten(report: Report) -> RewrittenText:
    assessment = _assessment(report)
    words = wording(report.language)
    text = template_text(assessment, words)
    caption = report.caption if caption_fits(assessment, words) else None
    return RewrittenText(title=text.title, description=text.description, caption=caption)


def _assessment(report: Report) -> Assessment:
    if report.product is None or report.condition is None:
        raise ValueError("only a succeeded report can be corrected")
    reliance = report.confidence or Reliance(level="high")
    judged = report.condition.status == "assessed"
    by_owner = report.corrections is not None and report.corrections.condition is not None
    named = {mark.tag for mark in report.condition.wear}
    # The owner knows the thing; the model may have left marks unjudged.
    clear = judged and (by_owner or Reason.WEAR_UNCERTAIN not in reliance.reasons)
    return Assessment(
        product=report.product,
        condition=report.condition,
        evidence=report.evidence,
        caption=report.caption or "",
        confidence=reliance,
        absent=frozenset(vocabulary().wear.candidates) - named if clear else frozenset(),
        # Photos that were judged have no flaw.
        left_out=judged and not by_owner and bool(_FLAWS & set(reliance.reasons)),
    )
