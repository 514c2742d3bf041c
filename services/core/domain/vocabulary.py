"""The closed vocabularies: the questions to the model, and every answer that it can give."""

import json
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

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
    return Vocabulary.model_validate(json.loads(Path(__file__).with_suffix(".json").read_text("utf-8")))
