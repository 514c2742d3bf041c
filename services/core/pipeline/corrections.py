"""Corrects a report by its owner's merge patch: the rule's grade and the template's text follow the facts."""

from datetime import UTC, datetime
from typing import Any

from services.core.domain.corrections import GivenCorrections, RewrittenText, corrected, merge_patch
from services.core.domain.observation import Assessment
from services.core.domain.report import Report
from services.core.narrative.grounding import caption_fits
from services.core.narrative.template import template_text
from services.core.narrative.wording import wording

# What a patch holds; the rest of what is stored follows from it.
_PATCHED = frozenset({"product", "condition", "title", "description"})


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
    if report.product is None or report.condition is None:
        raise ValueError("only a succeeded report can be corrected")
    words = wording(report.language)
    assessment = Assessment(report.product, report.condition, report.evidence, report.caption or "")
    text = template_text(assessment, words)
    caption = report.caption if caption_fits(assessment, words) else None
    return RewrittenText(title=text.title, description=text.description, caption=caption)
