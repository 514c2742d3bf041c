"""The conversation with the LLM: a prefix that is the same for every report, and the facts by their ids.

The prefix has the rules and worked examples. A provider caches it by its first 1,024 tokens, and the local
server reads it once. So nothing in it, nor in the schema, depends on the assessment.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.model import Language
from services.core.domain.assessment import Assessment
from services.core.domain.report import Wear
from services.core.narrative.facts import FACT_IDS, FactId
from services.core.narrative.grammar import agree, text_of
from services.core.narrative.sentences import FactSentences, joined
from services.core.narrative.wording import Wording, wording

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam

MOST_SENTENCES, SENTENCE_CHARACTERS, MOST_CITED = 8, 200, 9
_TITLE_CHARACTERS = 90
# Between the languages of a fact.
_BESIDE = " | "


def prompt_messages(
    assessment: Assessment, languages: Sequence[Language]
) -> list["ChatCompletionMessageParam"]:
    """The messages of the conversation; the last has the facts of this assessment, one a line."""
    facts = [fact_values(assessment, wording(language)) for language in languages]
    last: ChatCompletionMessageParam = {"role": "user", "content": _lines(facts)}
    return [*prompt_prefix(tuple(languages)), last]


@cache
def prompt_prefix(languages: tuple[Language, ...]) -> tuple["ChatCompletionMessageParam", ...]:
    """The messages that come before the facts: the rules and the worked examples."""
    prompts = [wording(language).prompt for language in languages]
    named = " and ".join(prompt.language for prompt in prompts)
    messages: list[ChatCompletionMessageParam] = [
        {"role": "system", "content": _system().format(languages=named)}
    ]
    for examples in zip(*(prompt.examples for prompt in prompts), strict=True):
        answers = {
            language: example.model_dump(include={"title", "sentences"})
            for language, example in zip(languages, examples, strict=True)
        }
        messages.append({"role": "user", "content": _lines([example.facts for example in examples])})
        messages.append(
            {"role": "assistant", "content": dumps(answers, ensure_ascii=False, separators=(",", ":"))}
        )
    return tuple(messages)


@cache
def answer_schema(languages: tuple[Language, ...]) -> dict[str, object]:
    """The JSON schema of an answer in these languages: each has a title and sentences with their facts.

    As OpenAI's strict mode wants it, all properties are required and no others allowed; its bounds keep the
    grammar small that llama.cpp makes of it.
    """
    sentence = _object(
        text={"type": "string", "maxLength": SENTENCE_CHARACTERS},
        facts={"type": "array", "items": {"type": "string", "enum": list(FACT_IDS)}, "maxItems": MOST_CITED},
    )
    text = _object(
        title={"type": "string", "maxLength": _TITLE_CHARACTERS},
        sentences={"type": "array", "items": sentence, "maxItems": MOST_SENTENCES},
    )
    return _object(**dict.fromkeys(languages, text))


def fact_values(assessment: Assessment, words: Wording) -> Mapping[str, str]:
    """What is known of each fact that the assessment has, in one language."""
    stated = FactSentences(assessment, words)
    names, prompt = stated.names, words.prompt
    values: dict[FactId, str] = {
        "kind": text_of(names.item, words.language) if stated.recognised else prompt.not_recognised,
        "material": names.material or "",
        "colour": names.colour or "",
        "pattern": names.pattern or "",
        "grade": _grade(assessment, words),
        **{id_: _mark(wear, stated, words) for id_, wear in stated.facts.marks.items()},
        "absent": _absent(stated, words),
        "not_judged": ", ".join(_not_judged(stated, words)),
        "photos": f"{assessment.photos}" + (f", {prompt.stated}" if assessment.condition_stated else ""),
    }
    return {id_: values[id_] for id_ in FACT_IDS if id_ in stated.facts.ids}


def _grade(assessment: Assessment, words: Wording) -> str:
    condition = assessment.condition
    grade = words.grades[condition.grade] if condition.grade else ""
    return words.prompt.grade.format(grade=grade, score=condition.score)


def _mark(wear: Wear, stated: FactSentences, words: Wording) -> str:
    noun = stated.names.wear(wear.tag)
    parts = [text_of(noun, words.language)]
    if wear.severity:
        parts.append(agree(words.severities[wear.severity], noun, words.language))
    if wear.photo:
        parts.append(words.prompt.photo.format(photo=wear.photo))
    if wear.place:
        parts.append(words.places[wear.place])
    return ", ".join(parts)


def _absent(stated: FactSentences, words: Wording) -> str:
    seen, prompt = stated.assessment, words.prompt
    if seen.wear_judged:
        return prompt.no_other_mark if seen.condition.wear else prompt.no_mark
    names = stated.wear_names(seen.absent)
    return prompt.none_of.format(wear=joined(names, words.or_)) if names else ""


def _not_judged(stated: FactSentences, words: Wording) -> Iterator[str]:
    if stated.assessment.condition.status != "assessed":
        prompt = words.prompt
        yield prompt.condition_not_asked if stated.assessment.confidence.not_asked else prompt.condition
    else:
        yield from stated.wear_names(stated.facts.unclear)
    if stated.assessment.left_out:
        yield words.prompt.left_out


def _lines(facts: Sequence[Mapping[str, str]]) -> str:
    """One fact a line, with its words in each language; `facts` have the same ids."""
    return "\n".join(f"{id_}: {_BESIDE.join(values[id_] for values in facts)}" for id_ in facts[0])


def _object(**properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


@cache
def _system() -> str:
    return (Path(__file__).parent / "wording" / "system.txt").read_text("utf-8").strip()
