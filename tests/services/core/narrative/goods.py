"""Assessments of the catalogue's goods, without an observation."""

from collections.abc import Sequence

from catalogue import Catalogue
from services.core.domain.assessment import Assessment, Goods
from services.core.domain.grading import grade_of, score_of
from services.core.domain.report import UNKNOWN, Condition, Place, Product, Reliance, Severity, Wear


def worn_mark(tag: str, place: Place | None = None, severity: Severity | None = None) -> Wear:
    return Wear(tag=tag, photo=1, place=place, severity=severity, confidence=0.9, points=2)


def assessment_of(
    catalogue: Catalogue,
    kind: str,
    material: str | None,
    marks: Sequence[Wear] = (),
    colour: str | None = None,
    pattern: str | None = None,
    caption: str = "",
) -> Assessment:
    """Goods all of whose wear was judged."""
    department = catalogue.departments[catalogue.kinds[kind].department]
    score = score_of(mark.points or 0 for mark in marks)
    product = Product(type=kind, material=material or UNKNOWN, colour=colour, pattern=pattern)
    return Assessment(
        product=product,
        goods=Goods.of(product, department.wear, catalogue),
        condition=Condition(score=score, grade=grade_of(score), wear=tuple(marks)),
        evidence=(),
        caption=caption,
        confidence=Reliance(level="high"),
        absent=frozenset(tag.id for tag in department.wear) - {mark.tag for mark in marks},
        left_out=False,
        photos=1,
    )
