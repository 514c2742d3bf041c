"""The card's own words in each language."""

import tomllib
from functools import cache
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ConfigDict

from catalogue.model import Language


class CardWords(BaseModel):
    """Headings, and sentences with their gaps in braces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str
    category: str
    type: str
    material: str
    colour: str
    pattern: str
    not_recognised: str
    material_not_judged: str
    condition: str
    score: str
    not_assessed: str
    condition_not_judged: str
    marks: str
    no_marks: str
    points: str
    by_owner: str
    before: str
    photos: str
    photo: str
    photo_of: str
    until: str
    reliance: str
    high: str
    medium: str
    low: str
    unsure: str
    unsure_answer: str
    keywords: str
    report: str
    made: str
    corrected: str
    unfinished: str
    unfinished_text: str
    failed: str


@cache
def card_words() -> dict[Language, CardWords]:
    """The committed words by language, read once for each process."""
    tables = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
    return {language: CardWords.model_validate(tables[language]) for language in get_args(Language)}
