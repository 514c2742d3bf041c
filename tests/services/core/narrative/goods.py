"""Assessments of the catalogue's goods, without an observation."""

from collections.abc import Sequence

from catalogue import Catalogue
from services.core.domain.assessment import Assessment, Goods, narrower_kinds
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
    known = catalogue.kinds[kind]
    department = catalogue.departments[known.department]
    score = score_of(mark.points or 0 for mark in marks)
    return Assessment(
        product=Product(type=kind, material=material or UNKNOWN, colour=colour, pattern=pattern),
        goods=Goods(
            kind=known,
            material=next((each for each in department.materials if each.id == material), None),
            colour=next((each for each in catalogue.colours if each.id == colour), None),
            pattern=next((each for each in catalogue.patterns if each.id == pattern), None),
            asked=department.wear,
            narrower=narrower_kinds(known, catalogue),
        ),
        condition=Condition(score=score, grade=grade_of(score), wear=tuple(marks)),
        evidence=(),
        caption=caption,
        confidence=Reliance(level="high"),
        absent=frozenset(tag.id for tag in department.wear) - {mark.tag for mark in marks},
        left_out=False,
    )
