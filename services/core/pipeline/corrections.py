"""Corrects a report by its owner's merge patch: the rule's grade and the template's text follow the facts."""

from datetime import UTC, datetime
from typing import Any

from catalogue import Catalogue, Department
from catalogue import Wear as CatalogueWear
from catalogue.model import Language
from services.core.domain.assessment import Assessment, Goods
from services.core.domain.corrections import (
    GivenCorrections,
    RewrittenText,
    corrected,
    judged,
    merge_patch,
)
from services.core.domain.listing import Translation
from services.core.domain.report import Condition, Flaw, Reason, Reliance, Report
from services.core.narrative.grounding import fitting_caption
from services.core.narrative.template import template_text
from services.core.narrative.wording import wording
from services.core.pipeline.corrected_ids import check_ids
from services.core.pipeline.listed import listed

# What a patch holds; the rest of what is stored follows from it.
_PATCHED = frozenset({"product", "condition", "title", "description"})
_FLAWS = frozenset(Reason(flaw.value) for flaw in Flaw)


def patched(
    report: Report, given: GivenCorrections | None, patch: dict[str, Any], catalogue: Catalogue
) -> GivenCorrections | None:
    """What the owner has corrected of `report` once `patch` is merged into `given`; None: nothing.

    Raises InvalidInput for an id that neither the catalogue nor the report has.
    """
    before = _patchable(given) if given else {}
    after = merge_patch(before, patch)
    if not after:
        return None
    merged = GivenCorrections.model_validate({**after, "corrected_at": datetime.now(UTC)})
    if _patchable(merged) == before:
        return given
    check_ids(report, given, merged, catalogue)
    if not merged.about_facts:
        return merged
    merged = merged.model_copy(update={"judged": _judged(report, merged, catalogue)})
    return merged.model_copy(update={"rewritten": _rewritten(corrected(report, merged), catalogue)})


def _patchable(given: GivenCorrections) -> dict[str, Any]:
    return given.model_dump(include=set(_PATCHED), exclude_none=True)


def _judged(report: Report, given: GivenCorrections, catalogue: Catalogue) -> Condition | None:
    """The condition that follows; None: as it was seen."""
    if report.product is None or report.condition is None:
        raise ValueError("only a succeeded report can be corrected")
    type_ = given.product.type if given.product else None
    own = _department(report.product.type, catalogue)
    department = _department(type_ or report.product.type, catalogue)
    wear_corrected = given.condition is not None and given.condition.wear is not None
    # Of a report in its own department, wear that is not corrected stays as it was judged.
    applies = wear_corrected or department != own
    condition = judged(report.condition, given.condition, department if applies else None)
    return None if condition == report.condition else condition


def _department(type_: str, catalogue: Catalogue) -> Department | None:
    kind = catalogue.kinds.get(type_)
    return catalogue.departments[kind.department] if kind else None


def _rewritten(report: Report, catalogue: Catalogue) -> RewrittenText:
    """The template's text in every language of the report, and what else follows from the facts."""
    assessment = _assessment(report, catalogue)

    def text_in(language: Language) -> Translation:
        text = template_text(assessment, wording(language))
        return Translation(title=text.title, description=text.description, narrative="template")

    texts = {language: text_in(language) for language in (report.language, *report.languages)}
    own = texts[report.language]
    return RewrittenText(
        title=own.title,
        description=own.description,
        caption=fitting_caption(assessment),
        **listed(assessment, texts, catalogue),
    )


def _assessment(report: Report, catalogue: Catalogue) -> Assessment:
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
    wear_stated = given.condition is not None and given.condition.wear is not None
    asked = _asked(report, catalogue, stated=wear_stated)
    if wear_stated:
        absent = frozenset(tag.id for tag in asked) - {wear.tag for wear in report.condition.wear}
    else:
        denied = {each.question for each in report.evidence if each.used and each.answer == "no"}
        absent = frozenset(tag.id for tag in asked if tag.question in denied)
        # Photos that were judged have no flaw.
        left_out = bool(absent or report.condition.wear) and bool(_FLAWS.intersection(confidence.reasons))
    return Assessment(
        product=report.product,
        goods=Goods.of(report.product, asked, catalogue),
        condition=report.condition,
        evidence=report.evidence,
        caption=report.caption or "",
        confidence=confidence,
        absent=absent,
        left_out=left_out,
        condition_stated=given.condition is not None,
        wear_stated=wear_stated,
    )


def _asked(report: Report, catalogue: Catalogue, *, stated: bool) -> tuple[CatalogueWear, ...]:
    """The wear that the owner could name of this kind, or that the model was asked about."""
    department = _department(report.product.type, catalogue) if report.product else None
    if stated and department is not None:
        known = department.wear
    else:
        known = tuple({tag.id: tag for one in catalogue.departments.values() for tag in one.wear}.values())
    questions = {each.question for each in report.evidence}
    return known if stated else tuple(tag for tag in known if tag.question in questions)
