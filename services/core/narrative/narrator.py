"""Title and description of an assessment: the LLM's if the evidence supports them, else the template's."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Literal

import httpx2
from openai import AsyncOpenAI
from pydantic import ValidationError

from catalogue.model import Language
from services.core.domain.assessment import Assessment
from services.core.llm import Completion, Unusable, Usage
from services.core.narrative.grounding import unsupported_claim
from services.core.narrative.prompt import prompt_messages
from services.core.narrative.template import template_text
from services.core.narrative.wording import Text, Wording, wording

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
NOTHING = Usage(prompt_tokens=0, completion_tokens=0)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Narrative:
    """Title and description, their source, and the billed tokens: None if the LLM did not say how many."""

    text: Text
    source: Literal["llm", "template"]
    usage: Usage | None


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
        usage: Usage | None = NOTHING
        try:
            # The client's own timeout is for one attempt, and it waits as long as Retry-After says.
            async with asyncio.timeout(self._timeout_s):
                answer = await self._call(assessment, words)
            # From here on the LLM has billed something.
            usage = None
            completion = Completion.read(answer)
            usage = completion.usage
            text = _text(completion.text)
            if objection := unsupported_claim(text, assessment, words):
                raise Unusable(_unquoted(objection))
            return Narrative(text, "llm", usage)
        except Exception as error:
            # Of any kind, such as a key that is no valid header: a report must not depend on the LLM.
            logger.warning("template used instead of the LLM", extra={"reason": _reason(error)})
            return Narrative(template_text(assessment, words), "template", usage)

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    async def _call(self, assessment: Assessment, words: Wording) -> bytes:
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
        body: bytes = answer.content
        return body


def _text(answer: str) -> Text:
    try:
        said = Text.model_validate_json(answer)
    except ValidationError:
        raise Unusable("its answer does not fit the schema") from None
    # A listing is one paragraph: line breaks and tabs are spaces.
    return Text(title=" ".join(said.title.split()), description=" ".join(said.description.split()))


def _unquoted(objection: str) -> str:
    """The objection without the LLM's own word, which may be any; a code of ours stays."""
    word, _, objected = objection.partition(" is ")
    return f"a word is {objected}" if word.startswith("'") and objected != "not mentioned" else objection


def _reason(error: Exception) -> str:
    # Another error's text may quote the request or the key; our own are safe to log.
    return str(error) if isinstance(error, Unusable) else type(error).__name__
