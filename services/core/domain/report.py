"""The product report, as it is answered and kept."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from catalogue.model import Language
from services.core.domain.failure import Failure
from services.core.domain.listing import Labels, Listing, Narration, Translation


class Status(StrEnum):
    """How far a report is."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


UNFINISHED = (Status.QUEUED, Status.RUNNING)


class Grade(StrEnum):
    """The condition in a word."""

    EXCELLENT = "excellent"
    GOOD = "good"
    FAIR = "fair"
    WORN = "worn"


class Flaw(StrEnum):
    """What keeps a photo from showing a thing well enough to judge it."""

    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BLANK = "blank"
    BLURRED = "blurred"
    SEVERAL_THINGS = "several_things"


# The stage at work on a report, named as its `timings_ms` are; `accept` until a worker has begun.
Stage = Literal["accept", "model", "narrate"]
WaitingCode = Literal["model_pending", "model_unavailable"]
UNKNOWN = "unknown"
# Ids of the catalogue, which has too many for a list in the schema; a stored report may have one of an
# earlier catalogue.
_Id = StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=48)
Type = Annotated[str, _Id, Field(description="A kind of goods, or `unknown`", examples=["mug"])]
Material = Annotated[str, _Id, Field(description="A material, or `unknown`", examples=["ceramic"])]
Colour = Annotated[str, _Id, Field(description="A colour, or `unknown`", examples=["blue"])]
Pattern = Annotated[str, _Id, Field(description="A pattern, or `unknown`", examples=["striped"])]
Tag = Annotated[str, _Id, Field(description="A kind of wear", examples=["chip"])]


class Reason(StrEnum):
    """Why a report is less than sure: the flaws of its photos, and what was not clear in them.

    `several_things`: the photos show more than one. `colour_uncertain`: the pixels contradict the vision
    model. `not_asked`: the model judges neither material nor wear of such goods. `uncalibrated`: the
    probabilities were not measured.
    """

    TOO_DARK = Flaw.TOO_DARK.value
    TOO_BRIGHT = Flaw.TOO_BRIGHT.value
    BLANK = Flaw.BLANK.value
    BLURRED = Flaw.BLURRED.value
    SEVERAL_THINGS = Flaw.SEVERAL_THINGS.value
    NOT_RECOGNISED = "not_recognised"
    MATERIAL_UNCERTAIN = "material_uncertain"
    COLOUR_UNCERTAIN = "colour_uncertain"
    WEAR_UNCERTAIN = "wear_uncertain"
    NOT_ASKED = "not_asked"
    UNCALIBRATED = "uncalibrated"


# A bound that NaN does not satisfy either.
Probability = Annotated[float, Field(ge=0, le=1)]
Confidence = Annotated[Probability, Field(description="Calibrated probability")]
Source = Annotated[
    Literal["model", "pixels", "owner"],
    Field(
        description="Who says so: the vision model; the pixels, which agree with the model or speak where it "
        "is not asked; or the owner, by a correction"
    ),
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Severity(StrEnum):
    """How far a mark goes, where the photo's parts were looked at one by one."""

    MINOR = "minor"
    MODERATE = "moderate"
    SEVERE = "severe"


class Place(StrEnum):
    """The quarter of a photo that shows a mark best."""

    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"


class Sources(_Part):
    """Who says what the product is; null: not known, or not asked."""

    type: Source | None = None
    material: Source | None = None
    colour: Source | None = None
    pattern: Source | None = None


class Product(_Part):
    """What the thing is: ids of the catalogue, or `unknown` for what was not recognised.

    Colour and pattern are null where the model was not asked. `suggestion` is what the model called a thing
    that was not recognised: none of the catalogue's kinds, or one that it is too unsure of. Nothing else in
    the report rests on it. A report of an earlier release has no `sources`.
    """

    type: Type
    material: Material
    colour: Colour | None = None
    pattern: Pattern | None = None
    suggestion: str | None = None
    sources: Sources | None = None


class Wear(_Part):
    """One kind of wear, on the photo that shows it best."""

    tag: Tag
    photo: int | None = Field(None, ge=1, description="Number of the photo, from 1; null: named by the owner")
    place: Place | None = Field(None, description="Where on the photo; null: its parts were not looked at")
    severity: Severity | None = Field(None, description="Null: it cannot be judged")
    confidence: Confidence
    points: int | None = Field(
        None, ge=0, le=10, description="What it takes from the score of ten, by the department's rule"
    )
    source: Source = "model"


class Condition(_Part):
    """Score and grade by rule from the kinds of wear, never by the LLM.

    One that is `not_assessed` has neither, and no wear: the photos do not show enough, or it is `not_asked`.
    """

    status: Literal["assessed", "not_assessed"] = "assessed"
    score: int | None = Field(ge=0, le=10)
    grade: Grade | None
    wear: tuple[Wear, ...]
    source: Source = Field("model", description="`owner`: the owner corrected the score or the wear")


class ProductCorrection(_Part):
    """The owner's words for the product; null: not corrected."""

    type: Type | None = None
    material: Material | None = None
    colour: Colour | None = None
    pattern: Pattern | None = None


class ConditionCorrection(_Part):
    """The owner's judgement of the condition; null: not corrected. The grade follows from the score."""

    score: int | None = None
    wear: tuple[Tag, ...] | None = None


class Original(_Part):
    """What the report said before its owner corrected it."""

    product: Product
    condition: Condition
    title: str
    description: str
    caption: str | None
    narrative: Narration | None
    labels: Labels | None = Field(None, description="The words for the codes of these fields")


class Corrections(_Part):
    """What the owner corrected, in the form of the report; null: not corrected."""

    product: ProductCorrection | None
    condition: ConditionCorrection | None
    title: str | None
    description: str | None
    corrected_at: datetime
    original: Original


class Reliance(_Part):
    """How far the report can be relied on.

    `low`: its condition was not assessed. `medium`: something was not clear. `high`: there are no reasons.
    """

    level: Literal["high", "medium", "low"]
    reasons: tuple[Reason, ...] = ()

    @property
    def not_asked(self) -> bool:
        """Whether the model judges neither material nor wear of such goods, whatever the photos show."""
        return Reason.NOT_ASKED in self.reasons


class Evidence(_Part):
    """What the vision model was asked, and what it answered; likewise of the pixels.

    An answer that is not `used` is too unsure, or about photos that do not show enough: the report does not
    state it.
    """

    question: str
    answer: str
    confidence: Confidence
    used: bool = True


class Provenance(_Part):
    """Who spoke: the SageMaker endpoint, the artifact behind it, and the LLM if its words were used.

    `catalogue` is the version of the artifact's catalogue; `calibrated` says whether the artifact's
    probabilities were measured against labelled photos.

    `reused` says that the same photos were looked at before, within a day, and that this answer stands.
    `bridge` is the vision LLM that looked in the endpoint's stead; there is no artifact then.
    """

    endpoint: str
    artifact: str | None = None
    catalogue: str | None = None
    calibrated: bool | None = None
    llm: str | None = None
    reused: bool = False
    bridge: str | None = None


class Timings(_Part):
    """Milliseconds per stage; a stage that was not reached is null."""

    photo: float | None = None
    accept: float | None = None
    model: float | None = None
    narrate: float | None = None


class Report(_Part):
    """A product report. Its result fields are null until it has succeeded."""

    id: str
    status: Status
    product: Product | None = None
    condition: Condition | None = None
    confidence: Reliance | None = None
    title: str | None = None
    description: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = Field((), description="Words that a buyer may search for; only what was seen")
    labels: Labels | None = Field(None, description="The words for the codes, in `language`")
    translations: dict[Language, Translation] = Field(
        {}, description="The words in the other languages that were asked for"
    )
    listing: Listing | None = Field(None, description="Null: of a report of an earlier release, or not ended")
    evidence: tuple[Evidence, ...] = ()
    narrative: Narration | None = None
    language: Language
    languages: tuple[Language, ...] = Field(
        (), description="All languages asked for, its own first; empty: its own alone"
    )
    model: Provenance
    timings_ms: Timings = Timings()
    cost_usd: float | None = None
    created_at: datetime
    expires_at: datetime
    failure: Failure | None = None
    corrections: Corrections | None = Field(
        None, description="What the owner has corrected; the other fields follow it. Null: nothing"
    )
    waiting: str | None = Field(
        None,
        description="Why the report is not there yet, and when it is tried again; null once it has ended",
    )
    waiting_code: WaitingCode | None = Field(
        None,
        description="What it waits for: an answer of a model that may have to start first, or a model that "
        "gave no usable answer and is asked again. Null: nothing to wait for, or another reason",
    )
    stage: Stage | None = Field(
        None,
        description="The stage at work; `accept` until a worker has begun. Null once it has ended. A "
        "narration that began while the client waited for the answer to its photos shows as `model`",
    )
