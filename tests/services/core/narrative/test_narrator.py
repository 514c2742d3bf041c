import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI

import catalogue
from catalogue.model import Language
from services.core.domain.assessment import Assessment, assess
from services.core.domain.observation import Observation
from services.core.domain.report import Flaw
from services.core.narrative.narrator import NOTHING, Narrative, Narrator
from services.core.usage import Usage

DRAWN = catalogue.load(catalogue.DRAWN)
SENTENCES = [
    {
        "text": "A ceramic mug in excellent condition, rated 10 out of 10.",
        "facts": ["kind", "material", "grade"],
    },
    {"text": "The photos show no marks.", "facts": ["absent"]},
    {"text": "Please look at the photos before you decide.", "facts": []},
]
GOOD = {"en": {"title": "Ceramic mug, excellent condition", "sentences": SENTENCES}}
FRENCH = {
    "title": "Tasse en céramique, excellent état",
    "sentences": [
        {
            "text": "Tasse en céramique en excellent état, notée 10 sur 10.",
            "facts": ["kind", "material", "grade"],
        },
        {"text": "Les photos ne montrent aucune trace d'usure.", "facts": ["absent"]},
        {"text": "Regardez bien les photos avant de décider.", "facts": []},
    ],
}
DESCRIPTION = " ".join(str(sentence["text"]) for sentence in SENTENCES)
USAGE = {"prompt_tokens": 300, "completion_tokens": 60, "total_tokens": 360}


@pytest.fixture
def mug(observation: Callable[..., Observation]) -> Assessment:
    return assess(observation(), None, DRAWN)


def completion(
    content: str | None, finish: str = "stop", refusal: str | None = None, usage: object = USAGE
) -> httpx2.Response:
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return httpx2.Response(
        200,
        json={
            "id": "c",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [{"index": 0, "finish_reason": finish, "message": message}],
            "usage": usage,
        },
    )


def narrate(
    assessment: Assessment,
    answer: Any,
    budget_s: float = 20.0,
    key: str = "k",
    languages: tuple[Language, ...] = ("en",),
) -> Narrative:
    async def run() -> Narrative:
        transport = httpx2.MockTransport(answer)
        async with httpx2.AsyncClient(transport=transport) as http:
            client = AsyncOpenAI(api_key=key, base_url="http://llm/v1", http_client=http, max_retries=0)
            narrator = Narrator(client, "m", budget_s, "none")
            return await narrator.narrate(assessment, languages, DRAWN)

    return asyncio.run(run())


def said(title: object = GOOD["en"]["title"], sentences: object = SENTENCES) -> str:
    return json.dumps({"en": {"title": title, "sentences": sentences}})


def test_text_that_holds_is_used(mug: Assessment) -> None:
    narrative = narrate(mug, lambda _: completion(json.dumps(GOOD)))
    assert narrative.source == "llm"
    assert (narrative.text.title, narrative.text.description) == (GOOD["en"]["title"], DESCRIPTION)
    assert narrative.usage == Usage(prompt_tokens=300, completion_tokens=60)


def test_all_languages_are_one_call(mug: Assessment) -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(json.loads(request.content))
        return completion(json.dumps(GOOD | {"fr": FRENCH}))

    narrative = narrate(mug, answer, languages=("fr", "en"))
    (request,) = asked
    schema = request["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert list(schema["schema"]["properties"]) == ["fr", "en"]
    assert request["reasoning_effort"] == "none"
    assert list(narrative.texts) == ["fr", "en"]
    assert narrative.text.title == FRENCH["title"]
    assert narrative.source == "llm"


def test_language_without_draft_is_the_template(mug: Assessment) -> None:
    narrative = narrate(mug, lambda _: completion(json.dumps(GOOD)), languages=("en", "fr"))
    assert [text.source for text in narrative.texts.values()] == ["llm", "template"]
    assert narrative.source == "mixed"


def test_sources_agree_across_languages(mug: Assessment) -> None:
    narrative = narrate(mug, lambda _: completion(None), languages=("en", "fr"))
    assert narrative.source == "template"


LIES = [
    "This mug is made of glass.",
    "The photos show a deep crack.",
    "It is a genuine Ikea mug.",
    "Photo 3 shows it best.",
    "It works perfectly and is dishwasher-safe.",
]


@pytest.mark.parametrize(
    ("draft", "source"),
    [
        (said("Ikea mug", [{"text": lie, "facts": ["kind", "material"]} for lie in LIES]), "template"),
        (said(sentences=[*SENTENCES, *({"text": lie, "facts": ["absent"]} for lie in LIES)]), "llm"),
        (said(sentences=[SENTENCES[0], {"text": LIES[0], "facts": ["material"]}]), "mixed"),
        (json.dumps({"en": FRENCH}), "template"),
        (said("Eine Tasse", [{"text": "Eine Tasse aus Keramik.", "facts": ["kind"]}]), "template"),
        (said("<b>mug</b>", [{"text": "<p>A mug.</p> [link](http://x)", "facts": ["kind"]}]), "template"),
        (
            said(sentences=[{"text": each["text"], "facts": ["mark7", "brand", 3]} for each in SENTENCES]),
            "llm",
        ),
        (said(sentences=SENTENCES * 1000), "llm"),
        (said("mug " * 100_000), "mixed"),
        (said(sentences=[{"text": "a mug " * 100_000, "facts": ["kind"]}]), "mixed"),
        (said(sentences=[None, 3, {}, {"text": 7}, {"text": "x", "facts": "kind"}, *SENTENCES]), "llm"),
        (said(sentences={"text": "A mug."}), "mixed"),
        (said(title=None, sentences=None), "template"),
        (said("Ceramic mug\x00"), "mixed"),
        (said("Ceramic mug\u202e"), "mixed"),
        (json.dumps(GOOD)[:-1] + ',"en":{"title":"Ikea","sentences":[]}}', "template"),
    ],
    ids=[
        "lies",
        "lies among truths",
        "one lie",
        "french",
        "german",
        "markup",
        "wrong ids",
        "thousand sentences",
        "huge title",
        "huge sentence",
        "bad items",
        "no list",
        "nulls",
        "nul",
        "bidi",
        "twice",
    ],
)
def test_only_what_holds_is_printed(mug: Assessment, draft: str, source: str) -> None:
    narrative = narrate(mug, lambda _: completion(draft))
    text = narrative.text
    whole = f"{text.title} {text.description}".lower()
    assert not re.search(r"ikea|glass|crack|genuine|photo 3|perfect|<|http|tasse|keramik|\x00|\u202e", whole)
    assert "mug" in whole
    assert len(text.title) <= 100
    assert len(text.description) <= 700
    assert narrative.source == source


@pytest.mark.parametrize(
    "answer",
    [
        completion(json.dumps(GOOD)[:40], finish="length"),
        completion(json.dumps(GOOD)[:40]),
        completion(None, refusal="I cannot"),
        completion(None),
        httpx2.Response(500, text="oops"),
        httpx2.Response(429, headers={"retry-after": "60"}),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, text="[" * 500_000),
        httpx2.Response(200, text='{"choices":[]}'),
        httpx2.Response(200, text='{"choices":' + "[" * 100_000 + "]" * 100_000 + "}"),
        httpx2.Response(200, content=b" " * 20_000_000),
        httpx2.Response(200, text='{"choices":[{"finish_reason":7,"message":[]}]}'),
        completion(json.dumps(GOOD), finish="stop, says the server" * 50_000),
        completion("[" * 100_000 + "]" * 100_000),
        completion("[]"),
        completion('{"en": "Blue mug"}'),
    ],
    ids=[
        "cut",
        "half",
        "refusal",
        "silence",
        "error",
        "rate limit",
        "nonsense",
        "deep",
        "no choice",
        "deep choices",
        "huge",
        "other types",
        "long ending",
        "deep text",
        "other shape",
        "no object",
    ],
)
def test_template_replaces_unusable_answer(
    mug: Assessment, answer: httpx2.Response, caplog: pytest.LogCaptureFixture
) -> None:
    narrative = narrate(mug, lambda _: answer)
    assert narrative.source == "template"
    assert "ceramic mug" in narrative.text.description
    assert all(len(str(vars(record)["reason"])) < 200 for record in caplog.records)


@pytest.mark.parametrize(
    ("sentence", "rule", "word"),
    [
        ("The photos show a crack.", "wear", "crack"),
        ("It is a Canary7f3a mug.", "name", None),
        ("It is a " + "q" * 40 + " mug.", "unfamiliar", None),
    ],
)
def test_broken_rule_is_logged(
    mug: Assessment, sentence: str, rule: str, word: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    draft = said(sentences=[*SENTENCES, {"text": sentence, "facts": []}, {"text": sentence, "facts": []}])
    narrate(mug, lambda _: completion(draft))
    (record,) = (each for each in caplog.records if each.name.startswith("services"))
    fields = vars(record)
    assert (record.getMessage(), fields["rule"], fields["count"]) == ("sentences replaced", rule, 2)
    assert fields["word"] == word


def test_template_replaces_unreachable_llm(mug: Assessment) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    assert narrate(mug, refuse).source == "template"


@pytest.mark.parametrize(
    "error", [RuntimeError("secret"), UnicodeError("secret"), httpx2.InvalidURL("secret"), OSError("secret")]
)
def test_template_replaces_failing_client(
    mug: Assessment, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise error

    assert narrate(mug, fail).source == "template"
    assert "secret" not in str([vars(record) for record in caplog.records])


def test_template_replaces_invalid_key(mug: Assessment, caplog: pytest.LogCaptureFixture) -> None:
    # A generous time, since the first call of a process loads much code.
    narrative = narrate(mug, lambda _: completion(json.dumps(GOOD)), budget_s=30.0, key="clé")
    assert narrative.source == "template"
    assert [vars(record)["reason"] for record in caplog.records] == ["UnicodeEncodeError"]


def test_cancelled_narration_ends(mug: Assessment) -> None:
    async def cancel(_: httpx2.Request) -> httpx2.Response:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        narrate(mug, cancel)


def test_template_replaces_slow_llm(mug: Assessment) -> None:
    async def slow(_: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(30)
        return completion(json.dumps(GOOD))

    assert narrate(mug, slow, budget_s=0.05).source == "template"


@pytest.mark.parametrize(
    ("answer", "status", "failed"),
    [
        (completion(json.dumps(GOOD)), 200, False),
        (completion(said(sentences=[{"text": "The photos show a crack.", "facts": []}])), 200, False),
        (completion(json.dumps(GOOD), finish="length"), 200, True),
        (completion(None, refusal="no"), 200, True),
        (httpx2.Response(200, text="no JSON"), 200, True),
        (httpx2.Response(429), 429, True),
        (httpx2.Response(503), 503, True),
    ],
    ids=["text", "text that does not hold", "cut off", "refused", "no JSON", "busy", "away"],
)
def test_call_says_how_it_went(mug: Assessment, answer: httpx2.Response, status: int, failed: bool) -> None:
    call = narrate(mug, lambda _: answer).call
    assert (call.llm, call.status, call.failed) == ("m", status, failed)
    assert call.latency_s > 0


def test_unanswered_call_has_no_status(mug: Assessment) -> None:
    async def slow(_: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(30)
        return completion(json.dumps(GOOD))

    call = narrate(mug, slow, budget_s=0.05).call
    assert (call.status, call.failed, call.usage) == (None, True, NOTHING)
    assert call.latency_s >= 0.05


def test_tokens_of_unused_text_count(mug: Assessment) -> None:
    narrative = narrate(mug, lambda _: completion(json.dumps(GOOD), finish="length"))
    assert narrative.source == "template"
    assert narrative.usage == Usage(prompt_tokens=300, completion_tokens=60)


@pytest.mark.parametrize(
    "usage",
    [
        USAGE | {"prompt_tokens": int("9" * 400)},
        USAGE | {"prompt_tokens": -1_000_000_000},
        USAGE | {"completion_tokens": 10**7},
        USAGE | {"completion_tokens": "60"},
        USAGE | {"completion_tokens": True},
        USAGE | {"completion_tokens": 1.5},
        USAGE | {"completion_tokens": None},
        {"prompt_tokens": 300},
        {},
        [],
        [300, 60],
        "many",
        None,
    ],
    ids=str,
)
def test_implausible_tokens_are_unknown(mug: Assessment, usage: object) -> None:
    narrative = narrate(mug, lambda _: completion(json.dumps(GOOD), usage=usage))
    assert (narrative.source, narrative.usage) == ("llm", None)


def test_tokens_that_are_no_number_are_unknown(mug: Assessment) -> None:
    text = completion(json.dumps(GOOD), usage="NUMBER").text.replace('"NUMBER"', '{"prompt_tokens":NaN}')
    assert narrate(mug, lambda _: httpx2.Response(200, text=text)).usage is None


def test_line_breaks_become_spaces(mug: Assessment) -> None:
    spaced = json.dumps(GOOD).replace(" mug", "\\n\\tmug")
    assert narrate(mug, lambda _: completion(spaced)).text.description == DESCRIPTION


def test_condition_is_not_claimed_unjudged(observation: Callable[..., Observation]) -> None:
    blurred = assess(observation(), [(Flaw.BLURRED,)], DRAWN)
    text = narrate(blurred, lambda _: completion(json.dumps(GOOD))).text
    assert "excellent" not in text.title + text.description
    assert text.title == "Second-hand ceramic mug, condition not judged"


@pytest.mark.parametrize(
    ("details", "cached"),
    [
        ({"cached_tokens": 280}, 280),
        ({"cached_tokens": 301}, 0),
        ({"cached_tokens": -1}, 0),
        ({"cached_tokens": True}, 0),
        ({"cached_tokens": "280"}, 0),
        ({"cached_tokens": 1.5}, 0),
        ({}, 0),
        (None, 0),
        ([280], 0),
    ],
    ids=str,
)
def test_cached_tokens_are_bounded(mug: Assessment, details: object, cached: int) -> None:
    usage = USAGE | {"prompt_tokens_details": details}
    found = narrate(mug, lambda _: completion(json.dumps(GOOD), usage=usage)).usage
    assert found == Usage(prompt_tokens=300, completion_tokens=60, cached_tokens=cached)
