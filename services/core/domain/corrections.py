"""A report as its owner has corrected it: what the owner said, and what follows from that by rule."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.core.domain.grading import grade_of, score_of
from services.core.domain.report import (
    Condition,
    ConditionCorrection,
    Corrections,
    Original,
    ProductCorrection,
    Report,
    Wear,
)


class RewrittenText(BaseModel):
    """The template's text about corrected facts."""

    model_config = ConfigDict(frozen=True)

    title: str
    description: str
    caption: str | None = None


class GivenCorrections(BaseModel):
    """What the owner has corrected so far, as it is stored beside the report, which stays as it was."""

    model_config = ConfigDict(frozen=True)

    product: ProductCorrection | None = None
    condition: ConditionCorrection | None = None
    title: str | None = None
    description: str | None = None
    corrected_at: datetime
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
        product = product.model_copy(update=given.product.model_dump(exclude_none=True))
    condition = report.condition
    if given.condition is not None:
        condition = _condition(condition, given.condition)
    text = given.rewritten
    narrative: Literal["llm", "template"] | None = "template" if text else report.narrative
    return report.model_copy(
        update={
            "product": product,
            "condition": condition,
            "title": given.title or (text.title if text else report.title),
            "description": given.description or (text.description if text else report.description),
            "caption": text.caption if text else report.caption,
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


def _condition(seen: Condition, given: ConditionCorrection) -> Condition:
    wear, score = seen.wear, seen.score
    if given.wear is not None:
        by_tag = {each.tag: each for each in seen.wear}
        wear = tuple(by_tag.get(tag) or Wear(tag=tag, photo=None, confidence=1.0) for tag in given.wear)
        score = score_of(2 if each.points is None else each.points for each in wear)
    if given.score is not None:
        score = given.score
    if score is None:
        return seen
    return Condition(status="assessed", score=score, grade=grade_of(score), wear=wear)
