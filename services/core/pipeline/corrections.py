"""Corrects a report by its owner's merge patch: the rule's grade and the template's text follow the facts."""

from collections.abc import Iterable
from dataclasses import replace
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
from services.core.domain.report import UNKNOWN, Condition, Flaw, Product, Reason, Reliance, Report
from services.core.narrative.grounding import fitting_caption
from services.core.narrative.lexicon import lexicon
from services.core.narrative.template import template_text
from services.core.narrative.wording import wording
from services.core.pipeline.corrected_ids import check_ids
from services.core.pipeline.listed import listed
from services.core.pipeline.report_catalogue import catalogue_of

# What a patch holds; the rest of what is stored follows from it.
_PATCHED = frozenset({"product", "condition", "title", "description"})
# What follows from facts that stay as they are.
_FOLLOWING = ("judged", "unasked_material", "rewritten", "reworded")
_FLAWS = frozenset(Reason(flaw.value) for flaw in Flaw)


def patched(
    report: Report,
    given: GivenCorrections | None,
    patch: dict[str, Any],
    catalogue: Catalogue,
    photos: int = 0,
) -> GivenCorrections | None:
    """What the owner has corrected of `report` once `patch` is merged into `given`; None: nothing.

    The LLM's words for the facts as they were go with them. `photos` is how many the report has. Raises
    InvalidInput for an id that neither the catalogue nor the report has.
    """
    before = _patchable(given) if given else {}
    after = merge_patch(before, patch)
    if after == before:
        return given
    counted = given.model_dump(include={"rewordings", "bills"}) if given and given.rewordings else {}
    if not after and not counted:
        return None
    merged = GivenCorrections.model_validate({**after, **counted, "corrected_at": datetime.now(UTC)})
    if _patchable(merged) == before:
        return given
    check_ids(report, given, merged, catalogue)
    if given is not None and merged.same_facts(given):
        return merged.model_copy(update={name: getattr(given, name) for name in _FOLLOWING})
    if not merged.about_facts:
        return merged
    return follow(report, merged, catalogue, photos)


def follow(report: Report, given: GivenCorrections, catalogue: Catalogue, photos: int) -> GivenCorrections:
    """The corrections of facts with what follows by the report's catalogue: condition, material and text.

    `catalogue` is the served one.
    """
    catalogue = catalogue_of(corrected(report, given), catalogue)
    given = given.model_copy(
        update={
            "judged": _judged(report, given, catalogue),
            "unasked_material": _unasked_material(report, given, catalogue) or None,
        }
    )
    rewritten = _rewritten(corrected(report, given), catalogue, photos)
    return given.model_copy(update={"rewritten": rewritten})


def _patchable(given: GivenCorrections) -> dict[str, Any]:
    return given.model_dump(include=set(_PATCHED), exclude_none=True)


def _judged(report: Report, given: GivenCorrections, catalogue: Catalogue) -> Condition | None:
    """The condition that follows; None: as it was seen."""
    if report.product is None or report.condition is None:
        raise ValueError("only a succeeded report can be corrected")
    own, department = _departments(report.product, given, catalogue)
    moved = department is not None and department != own
    wear_corrected = given.condition is not None and given.condition.wear is not None
    seen = report.condition
    if department is not None and moved and not wear_corrected:
        seen = _asked_too(report, department)
    # Of a report in its own department, wear that is not corrected stays as it was judged.
    condition = judged(seen, given.condition, department if wear_corrected or moved else None)
    return None if condition == report.condition else condition


def _asked_too(report: Report, department: Department) -> Condition:
    """What was seen of the wear that `department` has too, if that is enough to judge its goods."""
    condition = report.condition
    if condition is None or condition.status != "assessed":
        return Condition(status="not_assessed", score=None, grade=None, wear=())
    wear = tuple(each for each in condition.wear if each.tag in {tag.id for tag in department.wear})
    unclear = (
        {tag.id for tag in department.wear} - {each.tag for each in wear} - denied(report, department.wear)
    )
    if unclear and not wear:
        return Condition(status="not_assessed", score=None, grade=None, wear=())
    return condition.model_copy(update={"wear": wear})


def _unasked_material(report: Report, given: GivenCorrections, catalogue: Catalogue) -> bool:
    """Whether the corrected kind is of a department that does not have the material that was seen."""
    if report.product is None or report.product.material == UNKNOWN:
        return False
    own, department = _departments(report.product, given, catalogue)
    if department is None or department == own:
        return False
    return report.product.material not in {material.id for material in department.materials}


def _departments(
    product: Product, given: GivenCorrections, catalogue: Catalogue
) -> tuple[Department | None, Department | None]:
    """The department of the kind that was seen, and of the kind as corrected; None: the kind has none."""
    type_ = (given.product.type if given.product else None) or product.type
    return _department(product.type, catalogue), _department(type_, catalogue)


def _department(type_: str, catalogue: Catalogue) -> Department | None:
    kind = catalogue.kinds.get(type_)
    return catalogue.departments[kind.department] if kind else None


def _rewritten(report: Report, catalogue: Catalogue, photos: int) -> RewrittenText:
    """The template's text in every language of the report, and what else follows from the facts."""
    assessment, captions = assessment_of(report, catalogue, photos), lexicon(catalogue, "en")

    def text_in(language: Language) -> Translation:
        text = template_text(assessment, wording(language), captions)
        return Translation(title=text.title, description=text.description, narrative="template")

    texts = {language: text_in(language) for language in (report.language, *report.languages)}
    own = texts[report.language]
    return RewrittenText(
        title=own.title,
        description=own.description,
        caption=fitting_caption(assessment, captions),
        # Their reasons have words for all of `confidence`, which stays that of the photos.
        **listed(
            replace(assessment, confidence=report.confidence or Reliance(level="high")), texts, catalogue
        ),
    )


def assessment_of(report: Report, catalogue: Catalogue, photos: int) -> Assessment:
    """The facts of a succeeded report of so many photos, its owner's corrections included."""
    given = report.corrections
    if report.product is None or report.condition is None:
        raise ValueError("only a succeeded report has facts")
    confidence = report.confidence or Reliance(level="high")
    if given is not None and given.product is not None:
        # The owner knows which of the things it is.
        reasons = tuple(reason for reason in confidence.reasons if reason != Reason.SEVERAL_THINGS)
        confidence = confidence.model_copy(update={"reasons": reasons})
    left_out = False
    condition_stated = given is not None and given.condition is not None
    wear_stated = given is not None and given.condition is not None and given.condition.wear is not None
    asked = _asked(report, catalogue, stated=wear_stated)
    if wear_stated:
        absent = frozenset(tag.id for tag in asked) - {wear.tag for wear in report.condition.wear}
    else:
        absent = denied(report, asked) if report.condition.status == "assessed" else frozenset()
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
        photos=photos,
        condition_stated=condition_stated,
        wear_stated=wear_stated,
    )


def denied(report: Report, asked: Iterable[CatalogueWear]) -> frozenset[str]:
    """The kinds of wear that were looked for in the photos and not seen."""
    questions = {each.question for each in report.evidence if each.used and each.answer == "no"}
    return frozenset(tag.id for tag in asked if tag.question in questions)


def _asked(report: Report, catalogue: Catalogue, *, stated: bool) -> tuple[CatalogueWear, ...]:
    """The wear that the owner could name of this kind, or that the model was asked about.

    Of a kind that the owner moved to another department it is that department's, asked about or not.
    """
    if report.product is None:
        return ()
    department = _department(report.product.type, catalogue)
    seen = report.corrections.original.product if report.corrections else report.product
    known = tuple({tag.id: tag for one in catalogue.departments.values() for tag in one.wear}.values())
    # The model of a department without wear is not asked about any; its owner may name what others have.
    if stated and not (department and department.wear):
        return known
    if department is not None and (stated or department != _department(seen.type, catalogue)):
        return department.wear
    questions = {each.question for each in report.evidence}
    return tuple(tag for tag in known if tag.question in questions)
