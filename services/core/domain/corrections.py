"""A report as its owner has corrected it: what the owner said, and what follows from that by rule."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from catalogue import Department
from catalogue.model import USUAL_DEDUCTION, Language
from services.core.domain.grading import grade_of, points, score_of
from services.core.domain.listing import Labels, Listing, Narration, Translation
from services.core.domain.report import (
    Condition,
    ConditionCorrection,
    Corrections,
    Original,
    Product,
    ProductCorrection,
    Report,
    Wear,
)


class RewrittenText(BaseModel):
    """The template's text about corrected facts, and the other words and fields that follow from them.

    One of an earlier release has the text alone.
    """

    model_config = ConfigDict(frozen=True)

    title: str
    description: str
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    labels: Labels | None = None
    translations: dict[Language, Translation] = {}
    listing: Listing | None = None


class GivenCorrections(BaseModel):
    """What the owner has corrected so far, as it is stored beside the report, which stays as it was.

    `judged` and `rewritten` follow from that by the catalogue of the day.
    """

    model_config = ConfigDict(frozen=True)

    product: ProductCorrection | None = None
    condition: ConditionCorrection | None = None
    title: str | None = None
    description: str | None = None
    corrected_at: datetime
    judged: Condition | None = None
    rewritten: RewrittenText | None = None

    @property
    def about_facts(self) -> bool:
        """Whether the product or its condition is corrected."""
        return self.product is not None or self.condition is not None


def merge_patch(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Apply a JSON merge patch (RFC 7396); an object that becomes empty is left out."""
    merged = dict(target)
    for name, value in patch.items():
        if isinstance(value, dict):
            found = merged.get(name)
            value = merge_patch(found if isinstance(found, dict) else {}, value) or None
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = value
    return merged


def corrected(report: Report, given: GivenCorrections) -> Report:
    """The succeeded `report` with the corrections applied, and with what it said before."""
    if report.product is None or report.condition is None:
        raise ValueError("only a succeeded report can be corrected")
    product = report.product
    if given.product is not None:
        product = _product(product, given.product)
    condition = given.judged or judged(report.condition, given.condition, None)
    text = given.rewritten
    # What an earlier release has not written again would be about other facts.
    listed = text or report
    narrative: Narration | None = "template" if text else report.narrative
    return report.model_copy(
        update={
            "product": product,
            "condition": condition,
            "title": given.title or (text.title if text else report.title),
            "description": given.description or (text.description if text else report.description),
            "caption": listed.caption,
            "keywords": listed.keywords,
            "labels": listed.labels,
            "translations": listed.translations,
            "listing": listed.listing,
            "narrative": narrative,
            "corrections": Corrections(
                product=given.product,
                condition=given.condition,
                title=given.title,
                description=given.description,
                corrected_at=given.corrected_at,
                original=Original(
                    product=report.product,
                    condition=report.condition,
                    title=report.title or "",
                    description=report.description or "",
                    caption=report.caption,
                    narrative=report.narrative,
                ),
            ),
        }
    )


def judged(seen: Condition, given: ConditionCorrection | None, department: Department | None) -> Condition:
    """The condition as the owner states it: what is not corrected is as it was seen.

    The corrected wear takes the points of the department. `department` is None where that is unknown, or
    where the condition stays as it was judged: then each mark takes what it took, and a new one the usual.
    """
    corrected_wear = given.wear if given is not None else None
    wear, score = seen.wear, seen.score
    if corrected_wear is not None:
        by_tag = {each.tag: each for each in seen.wear}
        wear = tuple(by_tag.get(tag) or Wear(tag=tag, photo=None, confidence=1.0) for tag in corrected_wear)
    if corrected_wear is not None or (department is not None and seen.status == "assessed"):
        wear = tuple(each.model_copy(update={"points": _points(each, department)}) for each in wear)
        score = score_of(each.points or 0 for each in wear)
    if given is not None and given.score is not None:
        score = given.score
    if score is None:
        return seen
    return Condition(status="assessed", score=score, grade=grade_of(score), wear=wear)


def _points(wear: Wear, department: Department | None) -> int:
    if department is not None and wear.tag in {tag.id for tag in department.wear}:
        return points(department, wear.tag, wear.severity)
    return USUAL_DEDUCTION if wear.points is None else wear.points


def _product(seen: Product, given: ProductCorrection) -> Product:
    # The owner's kind stands in place of the model's guess.
    guess = {"suggestion": None} if given.type is not None else {}
    return seen.model_copy(update=given.model_dump(exclude_none=True) | guess)
