"""The prompt: a prefix and a schema that no report changes, and examples that the check accepts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import pytest

from catalogue.model import Language
from services.core.domain.report import Reason, Reliance
from services.core.narrative.facts import FACT_IDS, Facts
from services.core.narrative.grounding import Held, hold, hold_title
from services.core.narrative.lexicon import lexicon
from services.core.narrative.prompt import answer_schema, fact_values, prompt_messages, prompt_prefix
from services.core.narrative.sentences import required
from services.core.narrative.wording import wording
from tests.services.conftest import DRAWN
from tests.services.core.narrative.examples import EXAMPLES, SECOND_HAND

LANGUAGES: tuple[Language, ...] = get_args(Language)
SETS: list[tuple[Language, ...]] = [("en",), ("fr",), ("en", "fr"), ("fr", "en")]


@pytest.mark.parametrize("languages", SETS, ids=str)
def test_prefix_is_the_same_for_all_reports(languages: tuple[Language, ...]) -> None:
    prompts = [prompt_messages(example, languages) for example in EXAMPLES]
    assert all(prompt[:-1] == list(prompt_prefix(languages)) for prompt in prompts)
    assert len({str(prompt[-1]["content"]) for prompt in prompts}) == len(EXAMPLES)


def test_facts_come_last_one_a_line() -> None:
    assert str(prompt_messages(EXAMPLES[5], ("en",))[-1]["content"]).splitlines() == [
        "kind: candle",
        "material: wax",
        "grade: good, 8 out of 10",
        "mark1: scratch, photo 1",
        "absent: no other marks",
        "photos: 1",
    ]
    both = str(prompt_messages(EXAMPLES[5], ("fr", "en"))[-1]["content"]).splitlines()
    assert both[0] == "kind: bougie | candle"


@pytest.mark.parametrize("language", LANGUAGES)
def test_example_facts_are_as_in_reports(language: Language) -> None:
    words = wording(language)
    for assessment, example in zip(EXAMPLES, words.prompt.examples, strict=True):
        assert fact_values(assessment, words) == example.facts


@pytest.mark.parametrize(
    ("language", "listed"),
    [
        ("en", "the condition (not judged), the unclear photos"),
        ("fr", "l'état (non jugé), les photos trop peu claires"),
    ],
)
def test_what_is_not_judged_is_a_list(language: Language, listed: str) -> None:
    not_asked = Reliance(level="low", reasons=(Reason.NOT_ASKED,))
    made = replace(EXAMPLES[1], confidence=not_asked, left_out=True)
    assert fact_values(made, wording(language))["not_judged"] == listed


@pytest.mark.parametrize("language", LANGUAGES)
def test_example_answers_hold(language: Language) -> None:
    own = lexicon(SECOND_HAND, language)
    for assessment, example in zip(EXAMPLES, wording(language).prompt.examples, strict=True):
        facts = Facts(assessment)
        title = hold_title(example.title, facts, own)
        assert isinstance(title, Held), (example.title, title)
        said = set(title.facts)
        for sentence in example.sentences:
            held = hold(sentence.text, sentence.facts, facts, own)
            assert isinstance(held, Held), (sentence.text, held)
            assert set(sentence.facts) <= facts.ids
            said |= held.facts
        assert required(facts) <= said


def test_demo_model_does_not_know_the_examples() -> None:
    kinds = {example.product.type for example in EXAMPLES} - {"unknown"}
    assert kinds.isdisjoint(DRAWN.kinds)


@pytest.mark.parametrize("languages", SETS, ids=str)
def test_answers_follow_the_schema(languages: tuple[Language, ...]) -> None:
    import jsonschema

    checker = jsonschema.Draft202012Validator(answer_schema(languages))
    answers = [m["content"] for m in prompt_prefix(languages) if m["role"] == "assistant"]
    for answer in answers:
        said: dict[str, Any] = json.loads(str(answer))
        checker.validate(said)
        assert list(said) == list(languages)


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects(value)


def test_schema_is_strict_and_constant() -> None:
    schema = answer_schema(("en", "fr"))
    for each in objects(schema):
        assert each["additionalProperties"] is False
        assert each["required"] == list(each["properties"])
    assert answer_schema(("en", "fr")) is schema
    texts: Any = schema["properties"]
    (items,) = {json.dumps(text["properties"]["sentences"]["items"]) for text in texts.values()}
    assert json.loads(items)["properties"]["facts"]["items"]["enum"] == list(FACT_IDS)
