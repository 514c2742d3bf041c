"""The questions to the vision model, and its observation of a report's photos.

The questions and every answer that the model can give are in `vocabulary.json`.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

CAPTION_CHARACTERS = 300


@dataclass(frozen=True)
class KindSeen:
    """A kind of the catalogue, its likeliest name, and the probability that the model says one of its names.

    The probability is absolute, so those of a model that has no name for a thing are all small; the mean over
    the photos.
    """

    id: str
    name: str
    p: float


@dataclass(frozen=True)
class Said:
    """What the model answers freely when asked what it is, at most six tokens, and the probability of that.

    `id` is the kind of that name; None: no kind of the catalogue has it.
    """

    text: str
    p: float
    id: str | None = None


@dataclass(frozen=True)
class Observation:
    """The model's answers about a report's photos: the fields of the container's JSON, by the same names.

    Probabilities are from 0 to 1. Those of a model that was not measured against labelled photos are not
    `calibrated`. What the service did not ask is empty.
    """

    kinds: tuple[KindSeen, ...]
    """The likeliest kinds, likeliest first, at most five."""
    rest: tuple[float, float]
    """What all other names have together: at least and at most."""
    said: Said | None
    department: str
    """The department of the likeliest kinds, whose materials and wear were asked."""
    material: dict[str, float]
    """Shares of the department's materials by id, which add up to one; likewise colour and pattern."""
    colour: dict[str, float]
    pattern: dict[str, float]
    wear: tuple[dict[str, tuple[float, ...]], ...]
    """For each photo that the model saw, by wear: of the whole photo, then of each of its tiles.

    The tiles are the photo's quarters: top left, top right, bottom left, bottom right.
    """
    caption: str
    artifact: str
    catalogue: str
    """The version of the artifact's catalogue."""
    calibrated: bool
    thresholds: dict[str, float]
    """The least probability of an answer that is taken: of type, material, colour and pattern."""


def bounded_caption(said: str) -> str:
    """A model's caption as one line without unprintable characters; empty if it is longer than a caption."""
    printable = "".join(letter if letter.isprintable() else " " for letter in said[: 2 * CAPTION_CHARACTERS])
    caption = " ".join(printable.split())
    return caption if len(said) <= 2 * CAPTION_CHARACTERS and len(caption) <= CAPTION_CHARACTERS else ""


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
