"""The fallback LLM: answers the vocabulary's questions while the endpoint sleeps or is unavailable.

Off unless the settings name one, since the photos are then sent to the LLM's provider. Its answers are not
calibrated: it says how sure it is in one word, and SHARE gives that word's probability.
"""

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from openai import AsyncOpenAI, OpenAIError
from pydantic import BaseModel, Field, ValidationError

from services.core.domain.errors import ModelUnavailable
from services.core.domain.observation import Observation, vocabulary

SHARE = {"low": 0.5, "medium": 0.7, "high": 0.9}
_ABSENT = 0.05
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
    wear: list[list[_Choice]]
    caption: str = Field(min_length=1, max_length=300)


@dataclass(frozen=True)
class FallbackLlm:
    """One vision LLM, called over the process's client."""

    client: AsyncOpenAI
    llm: str
    usd_per_mtok_input: float
    usd_per_mtok_output: float
    timeout_s: float

    async def observe(self, photos: Sequence[bytes]) -> tuple[Observation, float]:
        """The LLM's observation of 1–8 JPEG photos of one product, and its cost in USD.

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
            completion = json.loads(raw.content)
            reply = _Reply.model_validate_json(completion["choices"][0]["message"]["content"])
            return _observation(reply, len(photos), self.llm), self._cost(completion.get("usage") or {})
        except (OpenAIError, TimeoutError, ValidationError, ValueError, LookupError, TypeError) as error:
            # The error's text may quote a photo or a key: only its type is passed on.
            problem = f"the fallback LLM {self.llm} gives no answer ({type(error).__name__})"
            raise ModelUnavailable(problem) from error

    def _cost(self, usage: dict[str, Any]) -> float:
        asked = float(usage.get("prompt_tokens", 0)) * self.usd_per_mtok_input
        answered = float(usage.get("completion_tokens", 0)) * self.usd_per_mtok_output
        return (asked + answered) / 1_000_000


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
        caption=reply.caption.strip(),
        artifact=llm,
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
    # A tag counts from a probability of 0.5 on, so one with low certainty is left out.
    return dict.fromkeys(candidates, _ABSENT) | {
        choice.answer: SHARE[choice.sure] for choice in found if choice.sure != "low"
    }
