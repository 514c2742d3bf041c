"""The fallback LLM: answers the vocabulary's questions while the endpoint sleeps or is unavailable.

Off unless the settings name one, since the photos are then sent to the LLM's provider. Its answers are not
calibrated: it says how sure it is in one word, and SHARE gives that word's probability.
"""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from openai import AsyncOpenAI
from pydantic import BaseModel, Field

from services.core.domain.errors import ModelUnavailable
from services.core.domain.observation import Observation, bounded_caption, vocabulary
from services.core.llm import Completion, Usage

SHARE = {"low": 0.5, "medium": 0.7, "high": 0.9}
# Of a mark that the LLM names: one with low certainty is neither found nor absent.
_MARK = SHARE | {"low": 0.4}
_ABSENT = 0.05
# Of one photo: each kind of wear once would be six.
MAX_MARKS = 64
_TASK = (
    "You look at photos of one second-hand thing. Answer only by the given words. Say `unknown` rather than "
    "guess. Name wear only where a photo shows it. The caption is one plain sentence of what is seen."
)


class _Choice(BaseModel):
    answer: str
    sure: Literal["low", "medium", "high"]


class _Reply(BaseModel):
    type: _Choice
    material: _Choice
    wear: list[Annotated[list[_Choice], Field(max_length=MAX_MARKS)]]
    caption: str


@dataclass(frozen=True)
class FallbackLlm:
    """One vision LLM, called over the process's client."""

    client: AsyncOpenAI
    llm: str
    usd_per_mtok_input: float
    usd_per_mtok_output: float
    timeout_s: float

    async def observe(self, photos: Sequence[bytes]) -> tuple[Observation, float | None]:
        """The LLM's observation of 1–8 JPEG photos of one product, and its cost in USD (None: unknown).

        Raises ModelUnavailable if there is no usable answer.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                raw = await self.client.chat.completions.with_raw_response.create(
                    model=self.llm,
                    messages=[
                        {"role": "system", "content": _TASK},
                        {"role": "user", "content": [_picture(photo) for photo in photos]},
                    ],
                    response_format={
                        "type": "json_schema",
                        "json_schema": {"name": "observation", "strict": True, "schema": schema(len(photos))},
                    },
                )
            completion = Completion.read(raw.content)
            reply = _Reply.model_validate_json(completion.text)
            return _observation(reply, len(photos), self.llm), self._cost(completion.usage)
        except Exception as error:
            # Of any kind: what the server says must not end the report. The error's text may quote a photo or
            # a key, so only its type is passed on.
            problem = f"the fallback LLM {self.llm} gives no answer ({type(error).__name__})"
            raise ModelUnavailable(problem) from error

    def _cost(self, usage: Usage | None) -> float | None:
        return usage.usd(self.usd_per_mtok_input, self.usd_per_mtok_output) if usage else None


def schema(photos: int) -> dict[str, Any]:
    """The strict JSON schema of an answer about so many photos: only the vocabulary's words."""
    words = vocabulary()

    def choice(candidates: Sequence[str]) -> dict[str, Any]:
        return _object(
            answer={"type": "string", "enum": list(candidates)}, sure={"type": "string", "enum": list(SHARE)}
        )

    wear = {"type": "array", "items": choice(words.wear.candidates)}
    return _object(
        type=choice(words.type.candidates),
        material=choice(words.material.candidates),
        wear={"type": "array", "items": wear, "minItems": photos, "maxItems": photos},
        caption={"type": "string"},
    )


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _picture(photo: bytes) -> Any:
    data = base64.b64encode(photo).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}", "detail": "low"}}


def _observation(reply: _Reply, photos: int, llm: str) -> Observation:
    words = vocabulary()
    if len(reply.wear) != photos:
        raise ValueError("it answers about other photos than were sent")
    return Observation(
        type=_shares(reply.type, words.type.candidates),
        material=_shares(reply.material, words.material.candidates),
        wear=tuple(_wear(found, words.wear.candidates) for found in reply.wear),
        caption=bounded_caption(reply.caption),
        artifact=llm,
        calibrated=False,
    )


def _shares(choice: _Choice, candidates: Sequence[str]) -> dict[str, float]:
    if choice.answer not in candidates:
        raise ValueError("a word that is not in the vocabulary")
    share = SHARE[choice.sure]
    rest = (1 - share) / (len(candidates) - 1)
    return {candidate: share if candidate == choice.answer else rest for candidate in candidates}


def _wear(found: list[_Choice], candidates: Sequence[str]) -> dict[str, float]:
    if any(choice.answer not in candidates for choice in found):
        raise ValueError("a word that is not in the vocabulary")
    shares = dict.fromkeys(candidates, _ABSENT)
    for choice in found:
        # A mark may be named twice, with another certainty each time: the surer one counts.
        shares[choice.answer] = max(shares[choice.answer], _MARK[choice.sure])
    return shares
