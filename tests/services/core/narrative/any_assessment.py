"""Any assessment of the catalogues' goods, for tests that hold for all of them."""

from hypothesis import strategies as st

from catalogue import Catalogue
from services.core.domain.assessment import Assessment, Goods
from services.core.domain.grading import grade_of
from services.core.domain.report import (
    UNKNOWN,
    Condition,
    Place,
    Product,
    Reason,
    Reliance,
    Severity,
    Wear,
)


@st.composite
def assessments(draw: st.DrawFn, goods: Catalogue) -> Assessment:
    """Judged or not, of a known kind or none, with any of the marks of its department, corrected or not."""
    kind = draw(st.sampled_from([None, *goods.kinds.values()]))
    department = goods.departments[kind.department] if kind else None
    asked = department.wear if department else ()
    # An observation has a material only with a kind.
    materials = [each.id for each in department.materials] if department else []
    product = Product(
        type=kind.id if kind else UNKNOWN,
        material=draw(st.sampled_from([UNKNOWN, *materials])),
        colour=draw(st.sampled_from([None, *(each.id for each in goods.colours)])) if kind else None,
        pattern=draw(st.sampled_from([None, *(each.id for each in goods.patterns)])) if kind else None,
    )
    photos = draw(st.integers(1, 8))
    tags = [wear.id for wear in asked]
    found = draw(st.lists(st.sampled_from(tags), unique=True, max_size=4)) if tags else []
    rest = [tag for tag in tags if tag not in found]
    unclear = draw(st.just([]) | st.lists(st.sampled_from(rest), unique=True)) if rest else []
    judged = bool(found) or (bool(tags) and not unclear and draw(st.booleans()))
    stated = judged and draw(st.booleans())
    marks = tuple(
        Wear(
            tag=tag,
            photo=draw(st.integers(1, photos)),
            place=draw(st.sampled_from([None, *Place])),
            severity=draw(st.sampled_from([None, *Severity])),
            confidence=0.9,
        )
        for tag in found
    )
    score = draw(st.integers(2, 9) if marks else st.just(10)) if judged else None
    several = (Reason.SEVERAL_THINGS,) if kind is None and draw(st.booleans()) else ()
    reasons = (*several, Reason.NOT_ASKED) if not judged and draw(st.booleans()) else several
    return Assessment(
        product=product,
        goods=Goods.of(product, asked, goods),
        condition=Condition(
            status="assessed" if judged else "not_assessed",
            score=score,
            grade=None if score is None else grade_of(score),
            wear=marks,
        ),
        evidence=(),
        caption="",
        confidence=Reliance(level="high" if judged else "low", reasons=reasons),
        absent=frozenset(rest) - set(unclear) if judged else frozenset(),
        left_out=draw(st.booleans()),
        photos=photos,
        condition_stated=stated,
        wear_stated=stated,
    )
