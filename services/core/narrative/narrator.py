"""Title and description of an assessment: the LLM's if the evidence supports them, else the template's."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Literal

import httpx2
from openai import AsyncOpenAI
from pydantic import BaseModel, Field, ValidationError

from services.core.domain.observation import Assessment
from services.core.narrative.grounding import unsupported_claim
from services.core.narrative.template import prompt_messages, template_text
from services.core.narrative.wording import Language, Text, Wording, wording

MAX_OUTPUT_TOKENS = 300
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 70},
        "description": {"type": "string", "maxLength": 420},
    },
    "required": ["title", "description"],
    "additionalProperties": False,
}
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Narrative:
    """Title and description, their source, and the billed tokens."""

    text: Text
    source: Literal["llm", "template"]
    input_tokens: int = 0
    output_tokens: int = 0


class _Tokens(BaseModel):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    finish_reason: str
    message: _Message


class _Unusable(Exception):
    """The LLM's answer cannot be used."""


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Tokens = _Tokens()

    def text(self) -> Text:
        choice = self.choices[0]
        if choice.message.refusal:
            raise _Unusable("it refused")
        if choice.finish_reason != "stop":
            raise _Unusable(f"its answer ended by {choice.finish_reason}")
        try:
            return Text.model_validate_json(choice.message.content or "")
        except ValidationError as error:
            raise _Unusable("its answer does not fit the schema") from error


class Narrator:
    """Calls one LLM over the process's client. `timeout_s` bounds a narration with its retries."""

    def __init__(
        self,
        client: AsyncOpenAI,
        llm: str,
        timeout_s: float,
        reasoning_effort: str | None = None,
        service_tier: str | None = None,
    ) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self.llm = llm
        options = {"reasoning_effort": reasoning_effort, "service_tier": service_tier}
        self._options: dict[str, Any] = {name: value for name, value in options.items() if value}

    async def narrate(self, assessment: Assessment, language: Language) -> Narrative:
        """Narrate the assessment within `timeout_s` seconds; on any error, use the template."""
        words = wording(language)
        tokens = _Tokens()
        try:
            # The client's own timeout is for one attempt, and it waits as long as Retry-After says.
            async with asyncio.timeout(self._timeout_s):
                completion = await self._call(assessment, words)
            tokens = completion.usage
            text = completion.text()
            if objection := unsupported_claim(text, assessment, words):
                raise _Unusable(objection)
            return Narrative(text, "llm", tokens.prompt_tokens, tokens.completion_tokens)
        except Exception as error:
            # Of any kind, such as a key that is no valid header: a report must not depend on the LLM.
            logger.warning("template used instead of the LLM", extra={"reason": _reason(error)})
            template = template_text(assessment, words)
            return Narrative(template, "template", tokens.prompt_tokens, tokens.completion_tokens)

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    async def _call(self, assessment: Assessment, words: Wording) -> _Completion:
        # By path: `chat.completions.create` walks through the whole request by its types, which takes as long
        # as sending it, and builds its own types without validating the server's answer.
        answer = await self._client.post(
            "/chat/completions",
            cast_to=httpx2.Response,
            body={
                "model": self.llm,
                "messages": prompt_messages(assessment, words),
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "listing", "strict": True, "schema": SCHEMA},
                },
                "max_completion_tokens": MAX_OUTPUT_TOKENS,
                **self._options,
            },
        )
        try:
            return _Completion.model_validate_json(answer.content)
        except ValidationError as error:
            raise _Unusable("its answer is no chat completion") from error


def _reason(error: Exception) -> str:
    # Another error's text may quote the request or the key; our own are safe to log.
    return str(error) if isinstance(error, _Unusable) else type(error).__name__
