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
class Observation:
    """Probabilities from 0 to 1 by candidate answer; `wear` has one mapping per photo that the model saw.

    Those of a model that was not measured against photos are not `calibrated`.
    """

    type: dict[str, float]
    material: dict[str, float]
    wear: tuple[dict[str, float], ...]
    caption: str
    artifact: str
    calibrated: bool = True


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
