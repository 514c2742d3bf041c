"""A report as its owner has corrected it: what the owner said, and what follows from that by rule."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from catalogue import Department
from catalogue.model import USUAL_DEDUCTION, Language
from services.core.domain.grading import grade_of, points, score_of
from services.core.domain.listing import Labels, Listing, Translation
from services.core.domain.report import (
    UNKNOWN,
    Condition,
    ConditionCorrection,
    Corrections,
    Original,
    Product,
    ProductCorrection,
    Report,
    Wear,
)
from services.core.domain.sources import stated


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


class Rewording(BaseModel):
    """The LLM's words for the report's present facts, by language, and which LLM it was."""

    model_config = ConfigDict(frozen=True)

    texts: dict[Language, Translation]
    llm: str


class GivenCorrections(BaseModel):
    """What the owner has corrected so far, as it is stored beside the report, which stays as it was.

    `judged`, `unasked_material` and `rewritten` follow from that by the catalogue of the day: the second says
    that the department of the corrected kind does not have the material that was seen. `reworded` are the
    LLM's words for these facts, until they change; `rewordings` counts how often the LLM was asked for any,
    and `bills` has the price of each that said it, in USD.
    """

    model_config = ConfigDict(frozen=True)

    product: ProductCorrection | None = None
    condition: ConditionCorrection | None = None
    title: str | None = None
    description: str | None = None
    corrected_at: datetime
    judged: Condition | None = None
    unasked_material: bool | None = None
    rewritten: RewrittenText | None = None
    reworded: Rewording | None = None
    rewordings: int | None = None
    bills: tuple[float, ...] | None = None

    @property
    def about_facts(self) -> bool:
        """Whether the product or its condition is corrected."""
        return self.product is not None or self.condition is not None

    @property
    def corrects(self) -> bool:
        """Whether anything is corrected; the report may only be worded again."""
        return self.about_facts or self.title is not None or self.description is not None

    def same_facts(self, other: "GivenCorrections | None") -> bool:
        """Whether both are about the same facts; None: nothing is corrected."""
        product, condition = (other.product, other.condition) if other else (None, None)
        return (self.product, self.condition) == (product, condition)


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
    """The succeeded `report` with the corrections and the newest words applied, and what it said before."""
    if report.product is None or report.condition is None:
        raise ValueError("only a succeeded report can be corrected")
    condition = given.judged or judged(report.condition, given.condition, None)
    changes = {
        "product": _product(report.product, given),
        "condition": _owned(condition, report.condition, given.condition),
        **_words(report, given),
    }
    if given.corrects:
        changes["corrections"] = Corrections(
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
                labels=report.labels and report.labels.model_copy(update={"evidence": (), "reasons": {}}),
            ),
        )
    return report.model_copy(update=changes)


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


def _product(seen: Product, given: GivenCorrections) -> Product:
    if given.unasked_material:
        seen = stated(seen, ProductCorrection(material=UNKNOWN))
    return stated(seen, given.product) if given.product is not None else seen


def _owned(condition: Condition, seen: Condition, given: ConditionCorrection | None) -> Condition:
    """The condition with its sources: a mark that was seen stays the model's, where it was seen."""
    if given is None:
        return condition
    tags = {wear.tag for wear in seen.wear}
    wear = tuple(
        each if each.tag in tags else each.model_copy(update={"source": "owner"}) for each in condition.wear
    )
    return condition.model_copy(update={"wear": wear, "source": "owner"})


def _words(report: Report, given: GivenCorrections) -> dict[str, Any]:
    """The fields of the words: the owner's, else the LLM's newest, else the template's, else the report's."""
    text = given.rewritten
    # What an earlier release has not written again would be about other facts.
    listed = text or report
    title, description, translations = listed.title, listed.description, listed.translations
    narrative, llm = ("template", None) if text else (report.narrative, report.model.llm)
    if given.reworded is not None:
        worded = given.reworded.texts
        own = worded[report.language]
        title, description, narrative, llm = own.title, own.description, own.narrative, given.reworded.llm
        translations = {
            language: _worded(before, worded.get(language)) for language, before in translations.items()
        }
    return {
        "title": given.title or title,
        "description": given.description or description,
        "caption": listed.caption,
        "keywords": listed.keywords,
        "labels": listed.labels,
        "translations": translations,
        "listing": listed.listing,
        "narrative": narrative,
        "model": report.model.model_copy(update={"llm": llm}),
        "cost_usd": _cost_usd(report, given),
    }


def _worded(before: Translation, text: Translation | None) -> Translation:
    if text is None:
        return before
    return before.model_copy(update=text.model_dump(include={"title", "description", "narrative"}))


def _cost_usd(report: Report, given: GivenCorrections) -> float | None:
    """What the report and its rewordings cost; None if one of them did not say."""
    bills = given.bills or ()
    if report.cost_usd is None or len(bills) < (given.rewordings or 0):
        return None
    return round(report.cost_usd + sum(bills), 6) if bills else report.cost_usd
