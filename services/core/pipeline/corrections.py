"""Corrects a report by its owner's merge patch: the rule's grade and the template's text follow the facts."""

from datetime import UTC, datetime
from typing import Any

from services.core.domain.assessment import Assessment
from services.core.domain.corrections import GivenCorrections, RewrittenText, corrected, merge_patch
from services.core.domain.observation import vocabulary
from services.core.domain.report import TAGS, Flaw, Reason, Reliance, Report
from services.core.narrative.grounding import fitting_caption
from services.core.narrative.template import template_text
from services.core.narrative.wording import wording

# What a patch holds; the rest of what is stored follows from it.
_PATCHED = frozenset({"product", "condition", "title", "description"})
_FLAWS = frozenset(Reason(flaw.value) for flaw in Flaw)


def patched(report: Report, given: GivenCorrections | None, patch: dict[str, Any]) -> GivenCorrections | None:
    """What the owner has corrected of `report` once `patch` is merged into `given`; None: nothing."""
    before = _patchable(given) if given else {}
    after = merge_patch(before, patch)
    if not after:
        return None
    merged = GivenCorrections.model_validate({**after, "corrected_at": datetime.now(UTC)})
    if _patchable(merged) == before:
        return given
    if not merged.about_facts:
        return merged
    return merged.model_copy(update={"rewritten": _rewritten(corrected(report, merged))})


def _patchable(given: GivenCorrections) -> dict[str, Any]:
    return given.model_dump(include=set(_PATCHED), exclude_none=True)


def _rewritten(report: Report) -> RewrittenText:
    assessment = _assessment(report)
    text = template_text(assessment, wording(report.language))
    return RewrittenText(title=text.title, description=text.description, caption=fitting_caption(assessment))


def _assessment(report: Report) -> Assessment:
    """The facts of a corrected report, as the template states them."""
    given = report.corrections
    if report.product is None or report.condition is None or given is None:
        raise ValueError("only a succeeded report can be corrected")
    confidence = report.confidence or Reliance(level="high")
    if given.product is not None:
        # The owner knows which of the things it is.
        reasons = tuple(reason for reason in confidence.reasons if reason != Reason.SEVERAL_THINGS)
        confidence = confidence.model_copy(update={"reasons": reasons})
    left_out = False
    if given.condition is not None and given.condition.wear is not None:
        absent = frozenset(TAGS) - set(given.condition.wear)
    else:
        question = vocabulary().wear.question
        denied = {each.question for each in report.evidence if each.used and each.answer == "no"}
        absent = frozenset(tag for tag in TAGS if question.format(tag=tag) in denied)
        # Photos that were judged have no flaw.
        left_out = bool(absent or report.condition.wear) and bool(_FLAWS.intersection(confidence.reasons))
    return Assessment(
        product=report.product,
        condition=report.condition,
        evidence=report.evidence,
        caption=report.caption or "",
        confidence=confidence,
        absent=absent,
        left_out=left_out,
        condition_stated=given.condition is not None,
        wear_stated=given.condition is not None and given.condition.wear is not None,
    )
