"""The drill's goods: each job's photo shows its number, and its number says what is to be seen on it.

So model and LLM know which job they are asked about, by nothing but what they are asked.
"""

import hashlib
import json
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image

from services.core.domain.assessment import assess
from services.core.domain.vocabulary import vocabulary
from services.core.narrative.prompt import prompt_messages
from services.core.narrative.template import template_text
from services.core.narrative.wording import Text, wording
from services.core.vision.endpoint import parse_observation

_CELLS, _CELL_PX = 4, 40


def most() -> int:
    """How many goods differ in what the LLM is told of them."""
    words = vocabulary()
    marks: int = 2 ** len(words.wear.candidates)
    return (len(words.type.candidates) - 1) * len(words.material.candidates) * marks


def photo(number: int) -> bytes:
    """A JPEG of 160 px: the number as a pattern of light and dark, one cell per bit."""
    small = Image.new("L", (_CELLS, _CELLS))
    small.putdata([220 if number >> bit & 1 else 35 for bit in range(_CELLS**2)])
    out = BytesIO()
    side = _CELLS * _CELL_PX
    small.resize((side, side), Image.Resampling.NEAREST).convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()


def number_on(jpeg: bytes) -> int:
    """Read the number off a photo, as the service may have written it anew."""
    cells = Image.open(BytesIO(jpeg)).convert("L").resize((_CELLS, _CELLS), Image.Resampling.BOX)
    return sum((value > 128) << bit for bit, value in enumerate(cells.tobytes()))


def observation(number: int, photos: int) -> dict[str, Any]:
    """What the model sees on a job's photos."""
    words = vocabulary()
    rest, type_ = divmod(number, len(words.type.candidates) - 1)
    rest, material = divmod(rest, len(words.material.candidates))
    wear = {tag: 0.9 if rest >> bit & 1 else 0.05 for bit, tag in enumerate(words.wear.candidates)}
    return {
        "answers": [
            {"id": "type", "scores": [_sure(words.type.candidates, type_)]},
            {"id": "material", "scores": [_sure(words.material.candidates, material)]},
            {"id": "wear", "scores": [wear] * photos},
        ],
        "caption": "",
        "artifact": "drill",
    }


def _sure(candidates: Any, place: int) -> dict[str, float]:
    return {candidate: 0.9 if at == place else 0.01 for at, candidate in enumerate(candidates)}


@cache
def _english() -> Any:
    return wording("en")


def worded(number: int) -> tuple[str, Text]:
    """The mark of the question that the LLM is asked about a job, and words that answer it."""
    assessment = assess(parse_observation(json.dumps(observation(number, 1)).encode(), photos=1))
    question = prompt_messages(assessment, _english())[-1]
    return mark(str(question["content"])), template_text(assessment, _english())


def mark(question: str) -> str:
    """What tells a question from others, in few letters."""
    return hashlib.sha256(question.encode()).hexdigest()[:20]
