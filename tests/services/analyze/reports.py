"""Reports as the API answers them, made by hand: one with all that a report can say, and an older one."""

from datetime import UTC, datetime
from typing import Any

from services.analyze.documents import Mark, Photo, Report
from services.core.domain.listing import Category, EvidenceLabel, Labels, Listing, TradeCondition, Translation
from services.core.domain.report import (
    Condition,
    Evidence,
    Grade,
    Place,
    Product,
    Provenance,
    Reason,
    Reliance,
    Severity,
    Status,
    Wear,
)

ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
LINK = "https://images.example/photos/{}.jpg?X-Amz-Signature=a%2Fb&X-Amz-Expires=600"
LABELS = Labels(
    type="mug",
    material="ceramic",
    colour="blue",
    pattern="striped",
    grade="good",
    wear={"chip": "chip"},
    severities={"minor": "minor"},
    places={"top_left": "top left"},
    reasons={"wear_uncertain": "Some kinds of wear could not be judged."},
    evidence=(EvidenceLabel(question="Is it stained?", answer="no"),),
)
FRENCH = Translation(
    title="Tasse en céramique bleue",
    description="Une tasse. Un éclat en haut à gauche.",
    keywords=("tasse", "céramique"),
    labels=Labels(type="tasse", material="céramique", colour="bleu", pattern="rayé", grade="bon état"),
)
LISTING = Listing(
    category=Category(number=2169, path="Home & Garden > Kitchen & Dining > Tableware > Drinkware > Mugs"),
    condition=TradeCondition(schema_org="UsedCondition", google="used", facebook="used_good", ebay=3000),
    specifics={"Brand": None, "Color": "blue"},
)


def photo(number: int, *marks: Mark) -> Photo:
    """A photo whose link holds until 10:25 UTC."""
    return Photo(
        number=number,
        url=LINK.format(number),
        width=640,
        height=480,
        expires_at=datetime(2026, 11, 27, 10, 24 + number, tzinfo=UTC),
        marks=marks,
    )


CHIP = Mark(tag="chip", place=Place.TOP_LEFT, severity=Severity.MINOR)


def report(**changes: Any) -> Report:
    """A succeeded report of two photos, with texts in English and French."""
    values: dict[str, Any] = {
        "id": ID,
        "status": Status.SUCCEEDED,
        "product": Product(type="mug", material="ceramic", colour="blue", pattern="striped"),
        "condition": Condition(
            score=9,
            grade=Grade.GOOD,
            wear=(
                Wear(
                    tag="chip",
                    photo=1,
                    place=Place.TOP_LEFT,
                    severity=Severity.MINOR,
                    confidence=0.9,
                    points=1,
                ),
            ),
        ),
        "confidence": Reliance(level="medium", reasons=(Reason.WEAR_UNCERTAIN,)),
        "title": "Blue ceramic mug",
        "description": "A mug with a chip.\nSee photo 1.",
        "keywords": ("mug", "blue mug", "ceramic"),
        "labels": LABELS,
        "translations": {"fr": FRENCH},
        "listing": LISTING,
        "evidence": (Evidence(question="Is it stained?", answer="no", confidence=0.6, used=False),),
        "language": "en",
        "model": Provenance(endpoint="blip2-endpoint", artifact="demo-000000000000"),
        "created_at": datetime(2026, 11, 27, 10, 15, tzinfo=UTC),
        "expires_at": datetime(2026, 12, 27, 10, 15, tzinfo=UTC),
        "photos": (photo(1, CHIP), photo(2)),
    }
    return Report.model_validate({**values, **changes})


def older_report(**changes: Any) -> Report:
    """The same of a release without listing, labels, keywords and translations."""
    without: dict[str, Any] = {"keywords": (), "labels": None, "translations": {}, "listing": None}
    return report(**{**without, **changes})


def not_assessed() -> Condition:
    """A condition that the photos do not show."""
    return Condition(status="not_assessed", score=None, grade=None, wear=())
