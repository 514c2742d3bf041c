"""The fallback LLM: answers the catalogue's questions while the endpoint sleeps or is unavailable.

Off unless the settings name one, since the photos are then sent to the LLM's provider. Its answers are not
calibrated: it says how sure it is in one word, and SHARE gives that word's probability.
"""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openai import AsyncOpenAI

from catalogue import Catalogue
from services.core.domain.errors import ModelUnavailable
from services.core.domain.observation import Observation
from services.core.llm import Completion
from services.core.usage import TokenPrices, Usage
from services.core.vision.llm_answer import LlmAnswer, observation_of, schema

_TASK = (
    "You look at photos of one second-hand thing. Answer only by the given words. {type} Say `unknown` "
    "rather than guess. Name wear only where a photo shows it. The caption is one plain sentence of what is "
    "seen."
)
_NAME = "Say what it is in one to four plain words in the singular, as a seller would."


@dataclass(frozen=True)
class FallbackLlm:
    """One vision LLM, called over the process's client, which is asked about the goods of `catalogue`."""

    client: AsyncOpenAI
    llm: str
    catalogue: Catalogue
    usd_per_mtok_input: float
    usd_per_mtok_output: float
    timeout_s: float

    async def observe(self, photos: Sequence[bytes]) -> tuple[Observation, float | None]:
        """The LLM's observation of 1–8 JPEG photos of one product, and its cost in USD (None: unknown).

        Raises ModelUnavailable if there is no usable answer.
        """
        answers = schema(self.catalogue, len(photos))
        listed = "enum" in answers["properties"]["type"]["properties"]["answer"]
        try:
            async with asyncio.timeout(self.timeout_s):
                raw = await self.client.chat.completions.with_raw_response.create(
                    model=self.llm,
                    messages=[
                        {"role": "system", "content": _TASK.format(type="" if listed else _NAME)},
                        {"role": "user", "content": [_picture(photo) for photo in photos]},
                    ],
                    response_format={
                        "type": "json_schema",
                        "json_schema": {"name": "observation", "strict": True, "schema": answers},
                    },
                )
            completion = Completion.read(raw.content)
            answer = LlmAnswer.model_validate_json(completion.text)
            seen = observation_of(answer, len(photos), self.catalogue, self.llm)
            return seen, self._cost(completion.usage)
        except Exception as error:
            # Of any kind: what the server says must not end the report. The error's text may quote a photo or
            # a key, so only its type is passed on.
            problem = f"the fallback LLM {self.llm} gives no answer ({type(error).__name__})"
            raise ModelUnavailable(problem) from error

    def _cost(self, usage: Usage | None) -> float | None:
        # Its prompt is mostly photos, which are new each time.
        prices = TokenPrices(self.usd_per_mtok_input, self.usd_per_mtok_input, self.usd_per_mtok_output)
        return usage.usd(prices) if usage else None


def _picture(photo: bytes) -> Any:
    data = base64.b64encode(photo).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}", "detail": "low"}}
