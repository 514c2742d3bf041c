"""What follows from an owner's patch, with the catalogue of real goods."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue
from services.core.domain.corrections import GivenCorrections, corrected
from services.core.domain.errors import InvalidInput
from services.core.domain.listing import EvidenceLabel, Labels
from services.core.domain.report import (
    Condition,
    Evidence,
    Grade,
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
from services.core.narrative.facts import Facts
from services.core.pipeline.corrections import assessment_of, patched

REAL = catalogue.load(catalogue.SECOND_HAND)
DRAWN = catalogue.load(catalogue.DRAWN)
PHOTO = catalogue.load(catalogue.PHOTO)
Make = Callable[..., Report]


def report_of(
    product: Product, *wear: Wear, score: int | None = None, language: str = "en", asked: str = "kitchen"
) -> Report:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    tags = REAL.departments[asked].wear
    found = {each.tag for each in wear}
    return Report(
        id="0" * 26,
        status=Status.SUCCEEDED,
        product=product,
        condition=Condition(score=10 if score is None else score, grade=Grade.GOOD, wear=wear),
        confidence=Reliance(level="high"),
        title="t",
        description="d",
        caption="a blue mug",
        evidence=tuple(
            Evidence(question=tag.question, answer="yes" if tag.id in found else "no", confidence=0.9)
            for tag in tags
        ),
        narrative="llm",
        language="fr" if language == "fr" else "en",
        model=Provenance(endpoint="e"),
        created_at=now,
        expires_at=now + timedelta(days=30),
    )


def apply(report: Report, *patches: dict[str, Any], words: catalogue.Catalogue = REAL) -> Report:
    """The report after the patches, of which the corrections are stored and read again in between."""
    given: GivenCorrections | None = None
    for patch in patches:
        given = patched(report, given, patch, words)
        if given is not None:
            given = GivenCorrections.model_validate_json(given.model_dump_json(exclude_defaults=True))
    return corrected(report, given) if given else report


MUG = Product(type="mug", material="ceramic", colour="blue", pattern="plain", suggestion=None)
CHIP = Wear(tag="chip", photo=1, confidence=0.9, points=2)


def test_corrected_goods_are_in_the_text() -> None:
    patch = {"product": {"type": "teapot", "material": "porcelain", "colour": "white", "pattern": "floral"}}
    found = apply(report_of(MUG, CHIP, score=8), patch)
    assert found.title == "Second-hand floral white porcelain teapot, good condition"
    assert found.product is not None and found.product.colour == "white"
    # Of another thing, the caption is no caption.
    assert found.caption is None
    french = apply(report_of(MUG, CHIP, score=8, language="fr"), patch)
    assert french.title == "Théière blanche à fleurs en porcelaine d'occasion, état : bon"


def test_owners_kind_replaces_the_guess() -> None:
    unknown = Product(type="unknown", material="unknown", suggestion="samovar")
    found = apply(report_of(unknown), {"product": {"type": "teapot"}})
    owners = Sources(type="owner")
    assert found.product == Product(type="teapot", material="unknown", sources=owners)
    assert found.corrections is not None and found.corrections.original.product == unknown


@pytest.mark.parametrize(
    ("patch", "score", "points"),
    [
        # departments.toml: a broken zip takes 4 of clothing, others 2.
        ({"product": {"type": "parka"}, "condition": {"wear": ["broken_zip", "stain"]}}, 4, [4, 2]),
        ({"product": {"type": "parka"}, "condition": {"wear": ["broken_zip"], "score": 7}}, 7, [4]),
        ({"condition": {"wear": []}}, 10, []),
        ({"condition": {"score": 0}}, 0, [2]),
    ],
)
def test_corrected_wear_takes_the_departments_points(
    patch: dict[str, Any], score: int, points: list[int]
) -> None:
    assert REAL.departments["clothing"].points("broken_zip") == 4
    condition = apply(report_of(MUG, CHIP, score=8), patch).condition
    assert condition is not None and condition.score == score
    assert [wear.points for wear in condition.wear] == points


def test_kept_mark_keeps_what_was_seen() -> None:
    seen = Wear(tag="chip", photo=2, place="top_left", severity=Severity.MINOR, confidence=0.8, points=1)
    condition = apply(report_of(MUG, seen, score=9), {"condition": {"wear": ["chip", "crack"]}}).condition
    assert condition is not None
    chip, crack = condition.wear
    assert (chip.place, chip.severity, chip.photo) == ("top_left", "minor", 2)
    assert (crack.photo, crack.confidence) == (None, 1.0)
    expected = 10 - sum(wear.points or 0 for wear in condition.wear)
    assert condition.score == expected


def test_uncorrected_condition_stays() -> None:
    # Of an earlier rule, by which the score was another.
    found = apply(report_of(MUG, CHIP, score=5), {"product": {"type": "teapot"}})
    assert found.condition is not None and found.condition.score == 5


@pytest.mark.parametrize(
    ("patch", "field", "remedy"),
    [
        ({"product": {"type": "muug"}}, "product.type", "mug"),
        ({"product": {"type": "gym_shoe"}}, "product.type", "sneaker"),
        ({"product": {"material": "china"}}, "product.material", "Send one of its ids"),
        ({"product": {"material": "bone_china"}}, "product.material", "porcelain"),
        ({"product": {"colour": "sky_blue"}}, "product.colour", "light_blue"),
        ({"product": {"pattern": "stripes"}}, "product.pattern", "striped"),
        ({"condition": {"wear": ["chip", "foxing"]}}, "condition.wear[1]", "its ids: "),
        (
            {"product": {"type": "novel"}, "condition": {"wear": ["pilling"]}},
            "condition.wear[0]",
            "yellowing",
        ),
    ],
)
def test_unknown_id_names_near_ones(patch: dict[str, Any], field: str, remedy: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        patched(report_of(MUG, CHIP), None, patch, REAL)
    assert raised.value.field == field
    assert remedy in raised.value.remedy
    assert len(str(raised.value)) < 400


def test_only_selected_departments_are_allowed() -> None:
    with pytest.raises(InvalidInput, match=r"product\.type"):
        patched(report_of(MUG), None, {"product": {"type": "boot"}}, REAL.select(["kitchen"]))
    with pytest.raises(InvalidInput, match="Leave it out"):
        patched(report_of(MUG), None, {"product": {"colour": "red"}}, DRAWN)


def test_unknown_may_be_any_wear() -> None:
    found = apply(
        report_of(MUG, CHIP), {"product": {"type": "unknown"}, "condition": {"wear": ["foxing", "rust"]}}
    )
    assert found.condition is not None and found.condition.score == 6
    assert "not recognised" in (found.title or "") and "mug" not in (found.title or "")


def test_wear_of_the_kind_before_is_refused() -> None:
    report = report_of(MUG)
    stated = patched(report, None, {"condition": {"wear": ["chip"]}}, REAL)
    with pytest.raises(InvalidInput, match=r"condition\.wear\[0\].*'novel'\. Send condition\.wear too"):
        patched(report, stated, {"product": {"type": "novel"}}, REAL)
    again = patched(report, stated, {"product": {"type": "novel"}, "condition": None}, REAL)
    assert again is not None and again.condition is None


def test_ids_of_an_earlier_catalogue_stay() -> None:
    old = Product(type="washboard_stand", material="bakelite_mix")
    scorch = Wear(tag="scorch_line", photo=1, confidence=0.9)
    report = report_of(old, scorch, score=8)
    found = apply(
        report,
        {"condition": {"score": 7}},
        {"title": "mine"},
        {"condition": {"wear": ["scorch_line", "rust"]}, "product": {"type": "washboard_stand"}},
        {"title": None},
    )
    assert found.title == "Second-hand bakelite mix washboard stand, fair condition"
    assert "scorch line" in (found.description or "") and "rust" in (found.description or "")
    assert found.condition is not None
    assert [wear.tag for wear in found.condition.wear] == ["scorch_line", "rust"]


ROCKING_CHAIR = Product(type="rocking_chair", material="unknown", colour="unknown")


@pytest.mark.parametrize(
    ("patch", "titles"),
    [
        (
            {"condition": {"score": 8}},
            ("Second-hand rocking chair, good condition", "Fauteuil à bascule d'occasion, état : bon"),
        ),
        (
            {"product": {"material": "glass"}},
            (
                "Second-hand glass rocking chair, condition not judged",
                "Fauteuil à bascule en verre d'occasion, état non jugé",
            ),
        ),
        (
            {"condition": {"wear": ["stain"]}},
            ("Second-hand rocking chair, good condition", "Fauteuil à bascule d'occasion, état : bon"),
        ),
    ],
    ids=["score", "material", "wear"],
)
@pytest.mark.parametrize("served", [DRAWN, REAL.select(["kitchen"])], ids=["drawn", "kitchen"])
def test_report_of_another_catalogue_keeps_its_words(
    served: catalogue.Catalogue, patch: dict[str, Any], titles: tuple[str, str]
) -> None:
    # Neither has a rocking chair, and the photographed goods have neither materials nor wear.
    assert "rocking_chair" not in served.kinds
    mark = {"en": "a stain", "fr": "une tache"}
    for language, title in zip(mark, titles, strict=True):
        found = apply(photographed(ROCKING_CHAIR, language), patch, words=served)
        assert found.title == title
        assert (mark[language] in (found.description or "")) == ("wear" in patch.get("condition", {}))
        assert found.labels is not None
        assert found.labels.type == {"en": "rocking chair", "fr": "fauteuil à bascule"}[language]


def photographed(product: Product, language: str) -> Report:
    """A report of the catalogue that is asked for neither material nor wear."""
    unjudged = Condition(status="not_assessed", score=None, grade=None, wear=())
    return report_of(product, language=language).model_copy(
        update={
            "model": Provenance(endpoint="e", catalogue=PHOTO.version),
            "condition": unjudged,
            "evidence": (),
            "confidence": Reliance(level="low", reasons=(Reason.NOT_ASKED,)),
        }
    )


def test_kind_of_both_takes_the_served_departments_points() -> None:
    coat = Product(type="coat", material="unknown")
    assert coat.type in PHOTO.kinds
    # departments.toml: a broken zip takes 4 of clothing, others 2.
    patch = {"condition": {"wear": ["broken_zip", "stain"]}}
    found = apply(photographed(coat, "en"), patch, words=REAL.select(["clothing"]))
    assert found.condition is not None and found.condition.score == 4


@pytest.mark.parametrize(("language", "name"), [("en", "boot"), ("fr", "botte")])
def test_department_that_is_served_no_more_keeps_its_words(language: str, name: str) -> None:
    made = Provenance(endpoint="e", catalogue=REAL.version)
    boot = report_of(Product(type="boot", material="unknown"), language=language, asked="shoes")
    served = REAL.select(["kitchen"])
    found = apply(boot.model_copy(update={"model": made}), {"condition": {"score": 5}}, words=served)
    assert found.labels is not None and found.labels.type == name
    assert name in (found.title or "").lower()


def test_sources_follow_the_owner() -> None:
    patches: list[dict[str, Any]] = [
        {"product": {"material": "porcelain", "colour": "unknown"}, "condition": {"wear": ["chip", "crack"]}}
    ]
    found = apply(report_of(MUG, CHIP, score=8), *patches)
    assert found.product is not None and found.condition is not None
    assert found.product.sources == Sources(type="model", material="owner", pattern="model")
    assert found.condition.source == "owner"
    # A mark that was seen stays the model's, as its photo is.
    assert [wear.source for wear in found.condition.wear] == ["model", "owner"]
    restored = apply(report_of(MUG, CHIP, score=8), *patches, {"product": {"material": None}})
    assert restored.product is not None
    assert restored.product.sources == Sources(type="model", material="model", pattern="model")


def test_pixels_stay_the_colours_source() -> None:
    seen = MUG.model_copy(update={"sources": Sources(type="model", material="model", colour="pixels")})
    found = apply(report_of(seen), {"product": {"type": "teacup"}}).product
    assert found is not None and found.sources is not None
    assert (found.sources.type, found.sources.colour) == ("owner", "pixels")


class TestMovedToAnotherDepartment:
    """Materials and wear are asked by department, so that those of another one are not known."""

    def test_material_of_the_other_department_is_unknown(self) -> None:
        found = apply(report_of(MUG), {"product": {"type": "boot"}})
        assert found.product is not None and found.product.sources is not None
        assert (found.product.material, found.product.sources.material) == ("unknown", None)
        assert (found.product.colour, found.product.sources.colour) == ("blue", "model")
        assert "ceramic" not in f"{found.title} {found.description}"

    def test_shared_material_stays(self) -> None:
        wooden = Product(type="cutting_board", material="wood")
        found = apply(report_of(wooden), {"product": {"type": "wardrobe"}})
        assert found.product is not None and found.product.material == "wood"

    def test_owners_material_stays(self) -> None:
        found = apply(report_of(MUG), {"product": {"type": "boot", "material": "ceramic"}})
        assert found.product is not None and found.product.material == "ceramic"
        later = apply(report_of(MUG), {"product": {"material": "ceramic"}}, {"product": {"type": "boot"}})
        assert later.product is not None and later.product.material == "ceramic"

    def test_restored_kind_has_its_material(self) -> None:
        found = apply(report_of(MUG), {"product": {"type": "boot"}}, {"product": {"type": "plate"}})
        assert found.product is not None and found.product.material == "ceramic"
        seen = report_of(MUG)
        assert apply(seen, {"product": {"type": "boot"}}, {"product": None}) == seen

    def test_wear_of_the_other_department_is_not_judged(self) -> None:
        assert "chip" not in {tag.id for tag in REAL.departments["shoes"].wear}
        found = apply(report_of(MUG, CHIP, score=8), {"product": {"type": "boot"}})
        assert found.condition is not None
        assert found.condition == Condition(status="not_assessed", score=None, grade=None, wear=())
        assert "chip" not in f"{found.title} {found.description}"

    def test_shared_wear_stays(self) -> None:
        stain = Wear(tag="stain", photo=2, confidence=0.9, points=2)
        found = apply(report_of(MUG, CHIP, stain, score=6), {"product": {"type": "boot"}}).condition
        assert found is not None and found.source == "model"
        assert [(wear.tag, wear.photo) for wear in found.wear] == [("stain", 2)]
        assert found.score == 10 - REAL.departments["shoes"].points("stain")

    def test_wear_that_was_not_asked_is_not_denied(self) -> None:
        stain = Wear(tag="stain", photo=1, confidence=0.9, points=2)
        found = apply(report_of(MUG, stain, score=8), {"product": {"type": "boot"}})
        facts = Facts(assessment_of(found, REAL, 1))
        assert facts.unclear and not facts.assessment.wear_judged
        asked = {tag.id for tag in REAL.departments["kitchen"].wear}
        assert not facts.assessment.absent - asked

    def test_owners_score_stands_without_wear(self) -> None:
        patch = {"product": {"type": "boot"}, "condition": {"score": 7}}
        found = apply(report_of(MUG, CHIP, score=8), patch).condition
        assert found is not None
        assert (found.status, found.score, found.wear, found.source) == ("assessed", 7, (), "owner")


def test_corrections_without_a_judged_condition_are_read() -> None:
    given = GivenCorrections.model_validate_json(
        '{"condition": {"wear": ["chip", "crack"]}, "corrected_at": "2026-11-01T00:00:00Z"}'
    )
    condition = corrected(report_of(MUG, Wear(tag="chip", photo=1, confidence=0.9), score=8), given).condition
    assert condition is not None and (condition.score, condition.grade) == (6, "fair")


IDS = st.sampled_from(["mug", "novel", "unknown", "ceramic", "blue", "chip", "rust", "stain", "nothing_such"])
PRODUCT = st.dictionaries(st.sampled_from(["type", "material", "colour", "pattern"]), st.none() | IDS)
CONDITION = st.fixed_dictionaries(
    {}, optional={"score": st.none() | st.integers(0, 10), "wear": st.none() | st.lists(IDS, unique=True)}
)
PATCH = st.fixed_dictionaries(
    {},
    optional={
        "product": st.none() | PRODUCT,
        "condition": st.none() | CONDITION,
        "title": st.none() | st.just("x"),
    },
)


@given(st.lists(PATCH, max_size=4))
@settings(max_examples=50)
def test_any_patches_give_a_report_or_a_reason(patches: list[dict[str, Any]]) -> None:
    report = report_of(MUG, CHIP, score=8)
    corrections: GivenCorrections | None = None
    for patch in patches:
        try:
            corrections = patched(report, corrections, patch, REAL)
        except InvalidInput as error:
            assert error.field.startswith(("product.", "condition.wear")) and error.remedy
    found = corrected(report, corrections) if corrections else report
    assert Report.model_validate_json(found.model_dump_json()) == found
    assert found.product is not None and found.condition is not None
    assert found.title and found.description
    if corrections is None:
        assert found == report


def test_labels_have_words_for_all_reasons() -> None:
    doubts = Reliance(level="medium", reasons=(Reason.SEVERAL_THINGS, Reason.MATERIAL_UNCERTAIN))
    report = report_of(Product(type="mug", material="unknown")).model_copy(update={"confidence": doubts})
    given = patched(report, None, {"product": {"type": "vase"}}, REAL)
    assert given is not None
    shown = corrected(report, given)
    assert shown.labels is not None
    assert shown.confidence is not None
    assert set(shown.labels.reasons) == set(shown.confidence.reasons)


def test_original_keeps_its_words() -> None:
    words = Labels(
        type="mug", material="ceramic", grade="good", evidence=(EvidenceLabel(question="q", answer="a"),)
    )
    report = report_of(Product(type="mug", material="ceramic")).model_copy(update={"labels": words})
    given = patched(report, None, {"product": {"material": "glass"}}, REAL)
    assert given is not None
    shown = corrected(report, given)
    assert shown.corrections is not None
    assert shown.corrections.original.labels == words.model_copy(update={"evidence": (), "reasons": {}})
