"""What a listing has beside its facts, when a report ends and when it is corrected."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue
from catalogue import Department
from catalogue.model import Language
from services.core.domain.assessment import Assessment
from services.core.domain.corrections import GivenCorrections, RewrittenText, corrected
from services.core.domain.listing import Category, Listing, Translation
from services.core.domain.report import (
    UNKNOWN,
    Condition,
    Evidence,
    Grade,
    Place,
    Product,
    Provenance,
    Reason,
    Reliance,
    Report,
    Severity,
    Sources,
    Status,
    Wear,
)
from services.core.pipeline.corrections import patched
from services.core.pipeline.listed import listed
from tests.services.core.narrative.goods import assessment_of, worn_mark

REAL = catalogue.load(catalogue.SECOND_HAND)
# DynamoDB's largest item, SQS's largest message and the Edge Function's largest body.
ITEM_BYTES, MESSAGE_BYTES = 400_000, 256_000


def texts(*languages: Language, characters: int = 5) -> dict[Language, Translation]:
    return {
        language: Translation(
            title="t" * min(characters, 100), description="é" * characters, narrative="template"
        )
        for language in languages
    }


def report_of(assessment: Assessment, *languages: Language, characters: int = 5) -> Report:
    """A report that has ended with the assessment."""
    now = datetime(2026, 11, 27, tzinfo=UTC)
    worded = texts(*languages, characters=characters)
    own = worded[languages[0]]
    report = Report(
        id="0" * 26,
        status=Status.SUCCEEDED,
        product=assessment.product,
        condition=assessment.condition,
        confidence=assessment.confidence,
        title=own.title,
        description=own.description,
        evidence=assessment.evidence,
        narrative=own.narrative,
        language=languages[0],
        languages=languages,
        model=Provenance(endpoint="e"),
        created_at=now,
        expires_at=now + timedelta(days=30),
    )
    return report.model_copy(update=listed(assessment, worded, REAL))


def patch(report: Report, *patches: dict[str, Any]) -> tuple[Report, GivenCorrections]:
    """The report after the patches, of which the corrections are stored and read again in between."""
    found: GivenCorrections | None = None
    for each in patches:
        found = patched(report, found, each, REAL)
        assert found is not None
        found = GivenCorrections.model_validate_json(found.model_dump_json())
    assert found is not None
    return corrected(report, found), found


SHIRT = assessment_of(REAL, "shirt", "cotton", [worn_mark("stain", Place.TOP_LEFT)], "blue", "striped")


def test_report_has_the_fields_of_a_listing() -> None:
    report = report_of(SHIRT, "fr", "en")
    assert report.labels is not None and report.listing is not None
    assert (report.labels.type, report.labels.colour, report.labels.grade) == ("chemise", "bleue", "bon")
    assert report.keywords[0] == "chemise"
    kind = REAL.kinds["shirt"]
    assert report.listing.category == Category(number=kind.category.number, path=kind.category.path)
    assert report.listing.condition.ebay == 3000
    # In the report's language, as a dictionary has it.
    assert {name: value for name, value in report.listing.specifics.items() if value} == {
        "Type": "chemise",
        "Color": "bleu",
        "Material": "coton",
        "Pattern": "rayures",
    }
    assert report.listing.specifics["Brand"] is None
    assert report.translations.keys() == {"en"}
    english = report.translations["en"]
    assert english.labels is not None and english.labels.type == "shirt"
    assert english.keywords[0] == "shirt" and english.title == "ttttt" and english.narrative == "template"


def test_unknown_goods_have_an_empty_listing() -> None:
    unknown = replace(
        SHIRT,
        product=Product(type=UNKNOWN, material=UNKNOWN, colour=UNKNOWN),
        goods=replace(SHIRT.goods, kind=None, material=None, colour=None, pattern=None),
        condition=Condition(status="not_assessed", score=None, grade=None, wear=()),
    )
    listing = report_of(unknown, "en").listing
    assert listing is not None and listing.category is None
    assert (listing.condition.facebook, listing.condition.ebay) == ("used", None)
    assert listing.specifics == {"Brand": None, "Type": None, "Color": None, "Material": None}


def test_correction_rebuilds_every_language() -> None:
    made = report_of(SHIRT, "en", "fr")
    found, given = patch(
        made, {"product": {"type": "boot", "colour": "red"}, "condition": {"wear": ["sole_wear"]}}
    )
    assert found.labels is not None and found.listing is not None
    assert (found.labels.type, found.labels.colour) == ("boot", "red")
    assert found.labels.wear == {"sole_wear": "sole wear"}
    assert found.keywords[0] == "boot" and "shirt" not in " ".join(found.keywords)
    french = found.translations["fr"]
    assert french.labels is not None
    assert (french.labels.type, french.labels.wear) == ("botte", {"sole_wear": "usure de la semelle"})
    assert "rouge" in french.title and "usure de la semelle" in french.description
    assert french.narrative == found.narrative == "template"
    assert found.listing.category is not None and found.listing.category.path.endswith("Shoes")
    assert found.listing.specifics["Type"] == "boot" and "Shoe Width" in found.listing.specifics
    # What it said stays with the report, and comes back.
    assert patched(made, given, {"product": None, "condition": None}, REAL) is None


def test_own_title_changes_no_other_field() -> None:
    made = report_of(SHIRT, "en", "fr")
    found, _ = patch(made, {"title": "Mine"})
    unchanged = {"title": made.title, "corrections": None}
    assert found.title == "Mine" and found.model_copy(update=unchanged) == made


def test_report_of_one_language_has_no_translation() -> None:
    made = report_of(SHIRT, "fr").model_copy(update={"languages": ()})
    found, _ = patch(made, {"product": {"colour": "red"}})
    assert found.translations == {}
    assert found.labels is not None and found.labels.colour == "rouge"


def test_corrections_of_an_earlier_release_name_no_old_facts() -> None:
    made = report_of(SHIRT, "en", "fr")
    given = GivenCorrections.model_validate_json(
        '{"product": {"type": "boot"}, "corrected_at": "2026-11-01T00:00:00Z", '
        '"rewritten": {"title": "Second-hand boot", "description": "A boot."}}'
    )
    found = corrected(made, given)
    assert (found.title, found.labels, found.keywords) == ("Second-hand boot", None, ())
    assert (found.listing, found.translations) == (None, {})
    # The next correction makes them.
    again = patched(made, given, {"product": {"colour": "red"}}, REAL)
    assert again is not None and again.rewritten is not None and again.rewritten.labels is not None


def test_report_of_an_earlier_release_is_read() -> None:
    new = {"keywords", "labels", "translations", "listing", "languages"}
    made = report_of(SHIRT, "en")
    old = made.model_dump_json(exclude=new)
    read = Report.model_validate_json(old)
    assert read.model_dump(exclude=new) == made.model_dump(exclude=new)
    assert (read.keywords, read.labels, read.translations, read.listing) == ((), None, {}, None)
    found, _ = patch(read, {"product": {"colour": "red"}})
    assert found.labels is not None and found.labels.type == "shirt"
    assert found.listing is not None and found.listing.specifics["Color"] == "red"


def largest(department: Department) -> Assessment:
    """All kinds of wear of a department, each with all that can be said of it."""
    marks = tuple(
        Wear(
            tag=tag.id,
            photo=8,
            place=Place.BOTTOM_RIGHT,
            severity=Severity.MODERATE,
            confidence=0.9999,
            points=2,
        )
        for tag in department.wear
    )
    kind = max(department.kinds, key=lambda kind: len(kind.noun.fr))
    made = assessment_of(REAL, kind.id, department.materials[0].id, marks, "multicoloured", "animal_print")
    asked = REAL.questions
    questions = (
        asked.type,
        asked.material,
        asked.colour,
        asked.pattern,
        *(t.question for t in department.wear),
    )
    sources = Sources(type="model", material="model", colour="pixels", pattern="model")
    return replace(
        made,
        product=made.product.model_copy(update={"suggestion": "s" * 48, "sources": sources}),
        evidence=tuple(Evidence(question=each, answer="a" * 48, confidence=0.9999) for each in questions),
        confidence=Reliance(level="low", reasons=tuple(Reason)),
    )


def test_largest_report_fits_an_item_and_a_message() -> None:
    department = max(REAL.departments.values(), key=lambda one: len(one.wear))
    made = report_of(largest(department), "fr", "en", characters=700)
    found, given = patch(
        made,
        {
            "title": "é" * 120,
            "description": "é" * 2000,
            "product": {"colour": "red"},
            "condition": {"wear": [tag.id for tag in department.wear]},
        },
    )
    row = len(made.model_dump_json().encode()) + len(given.model_dump_json().encode())
    # A tenth of the item and a fifth of the message: what else they have, such as keys, is under 10 kB.
    assert row < ITEM_BYTES / 10
    assert len(found.model_dump_json().encode()) < MESSAGE_BYTES / 5


KINDS = st.sampled_from(sorted(REAL.kinds))


@given(KINDS, st.data(), st.sampled_from([("en",), ("fr", "en"), ("en", "fr")]))
@settings(max_examples=60)
def test_any_listing_is_stored_and_read(
    kind: str, data: st.DataObject, languages: tuple[Language, ...]
) -> None:
    department = REAL.departments[REAL.kinds[kind].department]
    tags = data.draw(st.lists(st.sampled_from([tag.id for tag in department.wear]), unique=True))
    material = data.draw(st.none() | st.sampled_from([each.id for each in department.materials]))
    colour = data.draw(st.sampled_from([None, "unknown", *(each.id for each in REAL.colours)]))
    made = report_of(
        assessment_of(REAL, kind, material, [worn_mark(tag) for tag in tags], colour), *languages
    )
    assert Report.model_validate_json(made.model_dump_json()) == made
    assert made.labels is not None and isinstance(made.listing, Listing)
    assert made.labels.wear.keys() == set(tags)
    assert made.translations.keys() == set(languages[1:])
    rewritten = RewrittenText(title="t", description="d", **listed(SHIRT, texts(*languages), REAL))
    assert RewrittenText.model_validate_json(rewritten.model_dump_json()) == rewritten


@pytest.mark.parametrize("grade", [*Grade, None])
def test_stated_score_makes_the_condition(grade: Grade | None) -> None:
    made = report_of(SHIRT, "en")
    score = {None: 0, Grade.EXCELLENT: 10, Grade.GOOD: 8, Grade.FAIR: 6, Grade.WORN: 2}[grade]
    found, _ = patch(made, {"condition": {"score": score}})
    assert found.listing is not None
    expected = {10: (2990, "used_good"), 8: (3000, "used_good"), 6: (3010, "used_fair")}
    assert (found.listing.condition.ebay, found.listing.condition.facebook) == expected.get(
        score, (3010, "used_fair")
    )
