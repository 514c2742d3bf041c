"""The words of a report in each of its languages: the LLM's where they hold, else the template's."""

import asyncio
import logging
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx2
from openai import APIStatusError, AsyncOpenAI
from pydantic_core import from_json

from catalogue import Catalogue
from catalogue.model import Language
from services.core.domain.assessment import Assessment
from services.core.domain.listing import Narration
from services.core.llm import Completion, Unusable
from services.core.narrative.composition import Composition, Draft, DraftSentence, compose
from services.core.narrative.grounding import Violation
from services.core.narrative.lexicon import lexicon
from services.core.narrative.prompt import answer_schema, prompt_messages
from services.core.narrative.template import Text, template_text
from services.core.narrative.wording import wording
from services.core.usage import LlmCall, Usage

# Of one language; an answer that is longer is cut, and the template's text used.
MAX_OUTPUT_TOKENS = 400
# A title or a sentence that is longer was not written by the schema, and is left out.
_MOST_CHARACTERS = 1000
NOTHING = Usage(prompt_tokens=0, completion_tokens=0)
_LOGGED_WORD = re.compile(r"(?:[^\W\d_]|[ '’-]){1,30}")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Narrative:
    """The text in each language, and the call of the LLM that it was made by."""

    texts: Mapping[Language, Text]
    call: LlmCall

    @property
    def usage(self) -> Usage | None:
        """The billed tokens: None if the LLM did not say how many."""
        return self.call.usage

    @property
    def text(self) -> Text:
        """The text in the first language, which is the report's."""
        return next(iter(self.texts.values()))

    @property
    def source(self) -> Narration:
        """Whose sentences the texts have, taken together."""
        sources = {text.source for text in self.texts.values()}
        return sources.pop() if len(sources) == 1 else "mixed"


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

    async def narrate(
        self, assessment: Assessment, languages: Sequence[Language], catalogue: Catalogue
    ) -> Narrative:
        """Narrate in one call for all languages within `timeout_s` seconds; on any error, use the template.

        The answer may use the words of `catalogue`, which is the one that the assessment's goods are of.
        A language of which the answer has no draft has the template's text; so has each if the answer was cut
        off or is no JSON.
        """
        began = time.perf_counter()
        call = LlmCall(self.llm, 0.0, None, NOTHING, failed=True)
        try:
            # The client's own timeout is for one attempt, and it waits as long as Retry-After says.
            async with asyncio.timeout(self._timeout_s):
                answer = await self._call(assessment, languages)
            # From here on the LLM has billed something.
            took_s = time.perf_counter() - began
            call = replace(call, latency_s=took_s, status=answer.status_code, usage=None)
            completion = Completion.read(answer.content)
            call = replace(call, usage=completion.usage)
            drafts = _drafts(completion.text, languages)
            call = replace(call, failed=False)
            composed = {
                language: _compose(drafts[language], assessment, language, catalogue) for language in drafts
            }
            _log_violations([broken for each in composed.values() for broken in each.violations])
            texts = {language: each.text for language, each in composed.items()}
        except Exception as error:
            # Of any kind, such as a key that is no valid header: a report must not depend on the LLM.
            logger.warning("template used instead of the LLM", extra={"reason": _reason(error)})
            texts = {}
            if call.status is None:
                call = replace(call, latency_s=time.perf_counter() - began, status=_status(error))
        return Narrative(
            {each: texts.get(each) or _template(assessment, each, catalogue) for each in languages}, call
        )

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    async def _call(self, assessment: Assessment, languages: Sequence[Language]) -> httpx2.Response:
        # By path: `chat.completions.create` walks through the whole request by its types, which takes as long
        # as sending it, and builds its own types without validating the server's answer.
        return await self._client.post(
            "/chat/completions",
            cast_to=httpx2.Response,
            body={
                "model": self.llm,
                "messages": prompt_messages(assessment, languages),
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {
                        "name": "listing",
                        "strict": True,
                        "schema": answer_schema(tuple(languages)),
                    },
                },
                "max_completion_tokens": MAX_OUTPUT_TOKENS * len(languages),
                **self._options,
            },
        )


def _compose(draft: Draft, assessment: Assessment, language: Language, catalogue: Catalogue) -> Composition:
    own = lexicon(catalogue, language)
    return compose(draft, assessment, wording(language), own, lexicon(catalogue, "en"))


def _template(assessment: Assessment, language: Language, catalogue: Catalogue) -> Text:
    return template_text(assessment, wording(language), lexicon(catalogue, "en"))


def _drafts(answer: str, languages: Sequence[Language]) -> dict[Language, Draft]:
    """The drafts of the answer, by language: what does not fit the schema is left out of them.

    Raises Unusable if there is none.
    """
    try:
        said = from_json(answer)
    except ValueError:
        raise Unusable("its answer is no JSON") from None
    found = {each: said[each] for each in languages if isinstance(said, dict) and each in said}
    drafts = {each: _draft(given) for each, given in found.items() if isinstance(given, dict)}
    if not drafts:
        raise Unusable("its answer does not fit the schema")
    return drafts


def _draft(given: dict[str, Any]) -> Draft:
    sentences = [
        DraftSentence(text, tuple(id_ for id_ in _list(each.get("facts")) if isinstance(id_, str)))
        for each in _list(given.get("sentences"))
        if isinstance(each, dict) and (text := _string(each.get("text")))
    ]
    return Draft(_string(given.get("title")), tuple(sentences))


def _string(given: object) -> str:
    return given if isinstance(given, str) and len(given) <= _MOST_CHARACTERS else ""


def _list(given: object) -> list[Any]:
    return given if isinstance(given, list) else []


def _log_violations(violations: Sequence[Violation]) -> None:
    if violations:
        first = violations[0]
        word = first.word if _LOGGED_WORD.fullmatch(first.word) else None
        logger.info(
            "sentences replaced",
            extra={"rule": first.rule.value, "word": word, "count": len(violations)},
        )


def _status(error: Exception) -> int | None:
    return error.status_code if isinstance(error, APIStatusError) else None


def _reason(error: Exception) -> str:
    # Another error's text may quote the request or the key; our own are safe to log.
    return str(error) if isinstance(error, Unusable) else type(error).__name__
