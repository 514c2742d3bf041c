"""What marketplaces are told: conditions never better than what was seen, specifics only of what was seen."""

import csv
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalogue
from services.core.domain import trade
from services.core.domain.grading import grade_of, score_of
from services.core.domain.listing import TradeCondition
from services.core.domain.report import Condition, Grade, Wear
from services.core.domain.trade.conditions import conditions, trade_condition
from services.core.domain.trade.specifics import _tables, item_specifics

REAL = catalogue.load(catalogue.SECOND_HAND)
DRAWN = catalogue.load(catalogue.DRAWN)
TAGS = sorted({tag.id for one in REAL.departments.values() for tag in one.wear})
CATEGORIES = sorted({kind.category.path for kind in REAL.kinds.values()})
# The trade's conditions that are for second-hand goods, best first, as its documents describe them.
SCHEMA_ORG = ("UsedCondition", "DamagedCondition")
FACEBOOK = ("used_like_new", "used_good", "used_fair")
EBAY = (2990, 3000, 3010, 7000)
APPAREL = {2990: Grade.EXCELLENT, 3000: Grade.GOOD, 3010: Grade.FAIR}
GRADES = list(Grade)
Ranks = dict[str, int | None]


def condition_of(*tags: str, points: int = 2, score: int | None = None) -> Condition:
    wear = tuple(Wear(tag=tag, photo=1, confidence=0.9, points=points) for tag in tags)
    left = score_of(points for _ in tags) if score is None else score
    return Condition(score=left, grade=grade_of(left), wear=wear)


NOT_ASSESSED = Condition(status="not_assessed", score=None, grade=None, wear=())


def ranks(found: TradeCondition) -> Ranks:
    """How good each condition is said to be: the smaller, the better; None: nothing is said."""
    return {
        "schema_org": SCHEMA_ORG.index(found.schema_org),
        "facebook": FACEBOOK.index(found.facebook) if found.facebook else None,
        "ebay": EBAY.index(found.ebay) if found.ebay else None,
    }


def rows() -> list[dict[str, str]]:
    with (Path(trade.__path__[0]) / "conditions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("condition", "category", "expected"),
    [
        (condition_of(), "Home & Garden > Kitchen & Dining", ("UsedCondition", "used", "used_good", 3000)),
        (condition_of(), "Apparel & Accessories > Shoes", ("UsedCondition", "used", "used_good", 2990)),
        (
            condition_of("stain", "hole", "tear"),
            "Apparel & Accessories > Clothing > Dresses",
            ("UsedCondition", "used", "used_fair", 3010),
        ),
        (
            condition_of("chip"),
            "Apparel & Accessories > Jewelry > Rings",
            ("UsedCondition", "used", "used_good", 3000),
        ),
        (condition_of("stain"), "Media > Books", ("UsedCondition", "used", "used_good", None)),
        (condition_of("chip"), None, ("UsedCondition", "used", "used_good", None)),
        (condition_of("missing_part"), "Furniture > Chairs", ("DamagedCondition", "used", None, 7000)),
        (
            condition_of("broken_zip"),
            "Apparel & Accessories > Clothing > Outerwear",
            ("DamagedCondition", "used", None, 3010),
        ),
        # In eBay's clothing, 3000 is "Pre-owned - Good", and a bag may be sold there.
        (condition_of("stain"), "Luggage & Bags > Backpacks", ("UsedCondition", "used", "used_good", 3000)),
        (
            condition_of("stain", "hole", "tear"),
            "Luggage & Bags > Backpacks",
            ("UsedCondition", "used", "used_fair", None),
        ),
        (condition_of("broken_strap"), "Luggage & Bags", ("DamagedCondition", "used", None, None)),
        (condition_of("broken_spine"), "Media > Books", ("UsedCondition", "used", "used_good", None)),
        (NOT_ASSESSED, "Furniture > Chairs", ("UsedCondition", "used", "used", None)),
    ],
)
def test_condition_is_as_marketplaces_write_it(
    condition: Condition, category: str | None, expected: tuple[Any, ...]
) -> None:
    found = trade_condition(condition, category)
    assert (found.schema_org, found.google, found.facebook, found.ebay) == expected


WORN = st.lists(st.sampled_from(TAGS), unique=True, max_size=14)
ANY_CATEGORY = st.none() | st.sampled_from(CATEGORIES)


@given(WORN, st.integers(1, 5), st.none() | st.integers(0, 10), ANY_CATEGORY)
def test_no_condition_is_better_than_the_grade(
    tags: list[str], points: int, score: int | None, category: str | None
) -> None:
    condition = condition_of(*tags, points=points, score=score)
    assert condition.grade is not None
    found = trade_condition(condition, category)
    assert found.google == "used"
    grade = GRADES.index(condition.grade)
    if found.facebook:
        # "Like new" is about use, which no photo shows.
        assert {"used_good": 1, "used_fair": 2}[found.facebook] >= min(grade, 2)
    if found.ebay in APPAREL and category and conditions().goods_of(category) in ("apparel", "either"):
        assert GRADES.index(APPAREL[found.ebay]) >= min(grade, 2)
    assert found.ebay in (None, *EBAY)


@given(WORN.filter(bool), st.data(), st.integers(1, 5), st.none() | st.integers(0, 10), ANY_CATEGORY)
def test_another_mark_never_improves_it(
    tags: list[str], data: st.DataObject, points: int, score: int | None, category: str | None
) -> None:
    fewer = data.draw(st.lists(st.sampled_from(tags), unique=True, max_size=len(tags) - 1))
    before = ranks(trade_condition(condition_of(*fewer, points=points, score=score), category))
    after = ranks(trade_condition(condition_of(*tags, points=points, score=score), category))
    for marketplace, rank in before.items():
        then = after[marketplace]
        assert rank is None or then is None or then >= rank, marketplace
        assert rank is not None or then is None, marketplace


def test_broken_tags_are_of_the_catalogue() -> None:
    assert conditions().broken <= set(TAGS)
    # The rule of departments.toml: 4 and 5 points break the article.
    for department in REAL.departments.values():
        for tag in department.wear:
            assert tag.id not in conditions().broken or department.points(tag.id) >= 4, (
                department.id,
                tag.id,
            )


def test_goods_are_categories_of_the_catalogue() -> None:
    tables = conditions()
    for start in tables.goods:
        assert any(category.startswith(start) for category in CATEGORIES), start
    assert {tables.goods_of(category) for category in CATEGORIES} == {"general", "apparel", "either", "other"}
    # A prefix is whole names of categories.
    assert tables.goods_of("Media Stands") == "general"


def test_each_row_names_a_public_document() -> None:
    seen = set()
    for row in rows():
        assert re.fullmatch(r"https://[a-z.]+/\S+", row["source"])
        assert date.fromisoformat(row["as_of"]) <= date(2026, 11, 27)
        key = (row["marketplace"], row["goods"], row["condition"])
        assert key not in seen
        seen.add(key)
    assert not {row["value"] for row in rows()} & {"1000", "NewCondition", "new", "used_like_new"}
    for marketplace in ("schema_org", "google"):
        assert {c for m, _, c in seen if m == marketplace} == {*GRADES, "not_assessed", "broken"}


def test_specifics_of_shoes_are_a_form() -> None:
    seen = {"type": "sneaker", "material": "leather", "colour": "white", "pattern": None}
    assert item_specifics("shoes", seen) == {
        "Brand": None,
        "Type": "sneaker",
        "Department": None,
        "Size": None,
        "Shoe Width": None,
        "Color": "white",
        "Material": "leather",
        "Pattern": None,
        "Style": None,
    }


@pytest.mark.parametrize("department", [*REAL.departments, *DRAWN.departments, None])
def test_specifics_state_only_what_was_seen(department: str | None) -> None:
    seen = {field: f"seen {field}" for field in ("type", "material", "colour", "pattern")}
    found = item_specifics(department, seen)
    assert {"Type"} <= found.keys() and len(found) >= 4
    stated = {name: value for name, value in found.items() if value is not None}
    assert set(stated.items()) <= {
        ("Type", "seen type"),
        ("Color", "seen colour"),
        ("Material", "seen material"),
        ("Pattern", "seen pattern"),
    }
    assert not any(item_specifics(department, dict.fromkeys(seen)).values())


def test_specifics_are_of_all_departments() -> None:
    tables = _tables()
    assert tables["departments"].keys() - {"any"} == REAL.departments.keys()
    assert all(len(set(names)) == len(names) for names in tables["departments"].values())
