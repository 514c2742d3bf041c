"""The assessments that the prompt's worked examples are about, in the order of the examples."""

import catalogue
from services.core.domain.assessment import Assessment, Goods
from services.core.domain.grading import grade_of
from services.core.domain.report import UNKNOWN, Condition, Place, Product, Reliance, Severity, Wear

SECOND_HAND = catalogue.load(catalogue.SECOND_HAND)


def known(
    kind: str,
    material: str = UNKNOWN,
    colour: str | None = None,
    pattern: str | None = None,
    score: int | None = None,
    marks: tuple[Wear, ...] = (),
    not_absent: frozenset[str] = frozenset(),
    absent: frozenset[str] | None = None,
    photos: int = 1,
) -> Assessment:
    """Goods of the real catalogue; all wear but the marks is absent where `absent` does not say."""
    found = SECOND_HAND.kinds.get(kind)
    asked = SECOND_HAND.departments[found.department].wear if found else ()
    product = Product(type=kind, material=material, colour=colour, pattern=pattern)
    others = frozenset(wear.id for wear in asked) - {mark.tag for mark in marks} if score else frozenset()
    return Assessment(
        product=product,
        goods=Goods.of(product, asked, SECOND_HAND),
        condition=Condition(
            status="assessed" if score else "not_assessed",
            score=score,
            grade=grade_of(score) if score else None,
            wear=marks,
        ),
        evidence=(),
        caption="",
        confidence=Reliance(level="high" if score else "low"),
        absent=(others if absent is None else absent) - not_absent,
        left_out=False,
        photos=photos,
    )


def seen(tag: str, photo: int, place: Place | None = None, severity: Severity | None = None) -> Wear:
    return Wear(tag=tag, photo=photo, place=place, severity=severity, confidence=0.9, points=2)


EXAMPLES = (
    known(UNKNOWN, photos=2),
    known("camera", colour="black"),
    known(
        "umbrella",
        "polyester",
        score=6,
        marks=(seen("hole", 1, Place.BOTTOM_LEFT, Severity.MODERATE), seen("fading", 3)),
        not_absent=frozenset({"stain"}),
        photos=3,
    ),
    known("scarf", "wool", "red", "striped", score=10, photos=2),
    known(
        "watering_can",
        "steel",
        "green",
        score=4,
        marks=(
            seen("rust", 2, Place.BOTTOM_RIGHT, Severity.SEVERE),
            seen("scratch", 1, Place.TOP_LEFT, Severity.MINOR),
            seen("dent", 3),
        ),
        photos=3,
    ),
    known("candle", "wax", score=8, marks=(seen("scratch", 1),)),
)
# A candle of which severity and place are known too.
CANDLE = known("candle", "wax", score=8, marks=(seen("scratch", 1, Place.TOP_RIGHT, Severity.MINOR),))
