"""The questions to the vision model, its observation of a report's photos, and their assessment by rule.

The questions and every answer that the model can give are in `vocabulary.json`.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from services.core.domain.report import Condition, Evidence, Grade, Product, Wear


@dataclass(frozen=True)
class Observation:
    """Probabilities from 0 to 1 by candidate answer; `wear` has one mapping per photo."""

    type: dict[str, float]
    material: dict[str, float]
    wear: tuple[dict[str, float], ...]
    caption: str
    artifact: str


@dataclass(frozen=True)
class PendingInference:
    """A request that an async endpoint has accepted, at `at` seconds since 1970, as the report's nth attempt.

    The keys name objects in the exchange bucket; `input_key` is None if the request was sent inline. The
    notification of its end names it by `inference_id`.
    """

    input_key: str | None
    output_key: str
    at: int
    attempt: int = 1
    inference_id: str | None = None
    failure_key: str | None = None


@dataclass(frozen=True)
class LostInference:
    """The endpoint does not know the request, or knows it no longer: it must be sent again."""


UNKNOWN = "unknown"


class Question(BaseModel):
    """A question to the model; a set's text holds `{tag}`, asked once per candidate."""

    model_config = ConfigDict(frozen=True)

    question: str
    candidates: tuple[str, ...]


class Vocabulary(BaseModel):
    """The three questions of a report. Changing them changes the artifact's version."""

    model_config = ConfigDict(frozen=True)

    version: str
    type: Question
    material: Question
    wear: Question


@cache
def vocabulary() -> Vocabulary:
    """The committed vocabulary, read once a process."""
    return Vocabulary.model_validate(
        json.loads(Path(__file__).with_name("vocabulary.json").read_text("utf-8"))
    )


WEAR_THRESHOLD = 0.5
# The index is the number of kinds of wear; the last entry stands for that many or more.
CONDITION_BY_WEAR = ((10, Grade.EXCELLENT), (8, Grade.GOOD), (6, Grade.FAIR), (4, Grade.WORN))


@dataclass(frozen=True)
class Assessment:
    """The judged observation: the only facts that a narrative may use."""

    product: Product
    condition: Condition
    evidence: tuple[Evidence, ...]
    caption: str


def assess(observation: Observation) -> Assessment:
    """Take the most probable type and material, and each kind of wear that a photo shows."""
    words = vocabulary()
    type_, type_confidence = _likeliest(observation.type)
    material, material_confidence = _likeliest(observation.material)
    wear = []
    evidence = [
        Evidence(question=words.type.question, answer=type_, confidence=type_confidence),
        Evidence(question=words.material.question, answer=material, confidence=material_confidence),
    ]
    for tag in words.wear.candidates:
        shown = [photo[tag] for photo in observation.wear]
        strongest = max(shown)
        found = strongest >= WEAR_THRESHOLD
        if found:
            wear.append(Wear(tag=tag, photo=shown.index(strongest) + 1, confidence=round(strongest, 4)))
        evidence.append(
            Evidence(
                question=words.wear.question.format(tag=tag),
                answer="yes" if found else "no",
                confidence=round(strongest if found else 1 - strongest, 4),
            )
        )
    score, grade = CONDITION_BY_WEAR[min(len(wear), len(CONDITION_BY_WEAR) - 1)]
    return Assessment(
        product=Product(type=type_, material=material),
        condition=Condition(score=score, grade=grade, wear=tuple(wear)),
        evidence=tuple(evidence),
        caption=observation.caption,
    )


def _likeliest(scores: dict[str, float]) -> tuple[str, float]:
    answer = max(scores, key=scores.__getitem__)
    return answer, round(scores[answer], 4)
