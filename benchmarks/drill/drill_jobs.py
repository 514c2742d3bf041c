"""What the drill's photos show: a job's photo shows its number, which determines what the model sees.

The fake model and LLM identify the job by its photo and by the prompt alone.
"""

import hashlib
import json
from io import BytesIO
from typing import Any

from PIL import Image

from benchmarks.answers import answer
from catalogue import DRAWN, load
from services.core.domain.assessment import Assessment, assess
from services.core.narrative.facts import FACT_IDS
from services.core.narrative.prompt import prompt_messages
from services.core.narrative.sentences import FactSentences
from services.core.narrative.template import template_text
from services.core.narrative.wording import wording
from services.core.vision.answer import parse_observation

_COLUMNS, _COLUMN_PX = 16, 10
_LIGHT = 1 << 14
# The model's photos have at most so many pixels a side.
MODEL_PX = 384
NUMEROUS_EVERY = 25
GOODS = load(DRAWN)
_DRAWN = GOODS.departments["drawn"]


def most_jobs() -> int:
    """Return the number of jobs with different prompts for the LLM."""
    marks: int = 2 ** len(_DRAWN.wear)
    return len(_DRAWN.kinds) * len(_DRAWN.materials) * marks


def photo(number: int) -> bytes:
    """Return a JPEG of 160 px that shows the number as light and dark columns, one per bit.

    Two more columns are always light and always dark, so that no photo is blank or dark.
    """
    small = Image.new("L", (_COLUMNS, 1))
    small.putdata([220 if (number | _LIGHT) >> bit & 1 else 35 for bit in range(_COLUMNS)])
    out = BytesIO()
    side = _COLUMNS * _COLUMN_PX
    small.resize((side, side), Image.Resampling.NEAREST).convert("RGB").save(out, "JPEG", quality=85)
    return out.getvalue()


def photos(number: int) -> list[bytes]:
    """Return a job's photos: one, or for some jobs two, whose inference request is too long to be inline."""
    return [photo(number)] if number % NUMEROUS_EVERY else [_large(number)] * 2


def _large(number: int) -> bytes:
    with Image.open(BytesIO(photo(number))) as small:
        large = small.resize((MODEL_PX, MODEL_PX), Image.Resampling.NEAREST)
    noise = Image.effect_noise(large.size, 60).convert("RGB")
    out = BytesIO()
    Image.blend(large, noise, 0.35).save(out, "JPEG", quality=90)
    return out.getvalue()


def number_on(jpeg: bytes) -> int:
    """Read the number from a photo that the service may have re-encoded."""
    columns = Image.open(BytesIO(jpeg)).convert("L").resize((_COLUMNS, 1), Image.Resampling.BOX)
    return sum((value > 128) << bit for bit, value in enumerate(columns.tobytes())) & ~_LIGHT


def observation(number: int, photos: int) -> dict[str, Any]:
    """Return the model's answer about a job's photos."""
    rest, kind = divmod(number, len(_DRAWN.kinds))
    rest, material = divmod(rest, len(_DRAWN.materials))
    worn = [wear.id for bit, wear in enumerate(_DRAWN.wear) if rest >> bit & 1]
    seen = (_DRAWN.kinds[kind].id, _DRAWN.materials[material].id, worn)
    return answer(GOODS, *seen, photos=photos, artifact="drill")


def seen(number: int) -> Assessment:
    """Return what the service makes of the model's answer about one photo of a job."""
    body = json.dumps(observation(number, 1)).encode()
    return assess(parse_observation(body, 1, GOODS, 0), None, GOODS)


def llm_answer(number: int) -> tuple[str, dict[str, Any]]:
    """Return the digest of a job's prompt, and an answer whose sentences its facts hold."""
    assessment = seen(number)
    prompt = prompt_messages(assessment, ("en",))[-1]
    words = FactSentences(assessment, wording("en"))
    sentences = [
        {"text": sentence.text, "facts": sorted(sentence.facts)}
        for sentence in (*words.of([id_ for id_ in FACT_IDS if id_ != "absent"]), words.look())
    ]
    title = template_text(assessment, wording("en")).title
    return prompt_digest(str(prompt["content"])), {"en": {"title": title, "sentences": sentences}}


def prompt_digest(prompt: str) -> str:
    """Return 20 characters that identify a prompt."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:20]
