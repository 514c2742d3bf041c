import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI

import catalogue
from services.core.domain.assessment import Assessment, assess
from services.core.domain.observation import Observation
from services.core.domain.report import Flaw
from services.core.llm import Usage
from services.core.narrative.narrator import Narrative, Narrator

DRAWN = catalogue.load(catalogue.DRAWN)
GOOD = {
    "title": "Blue ceramic mug, excellent condition",
    "description": "A blue ceramic mug in excellent condition. The photos show no marks on the mug, and "
    "nothing else was found. Please look at the photos of the mug before you decide.",
}
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


def narrate(assessment: Assessment, answer: Any, budget_s: float = 20.0, key: str = "k") -> Narrative:
    async def run() -> Narrative:
        transport = httpx2.MockTransport(answer)
        async with httpx2.AsyncClient(transport=transport) as http:
            client = AsyncOpenAI(api_key=key, base_url="http://llm/v1", http_client=http, max_retries=0)
            narrator = Narrator(client, "m", budget_s, "none")
            return await narrator.narrate(assessment, "en")

    return asyncio.run(run())


def test_supported_text_is_used(mug: Assessment) -> None:
    narrative = narrate(mug, lambda _: completion(json.dumps(GOOD)))
    assert narrative.source == "llm"
    assert narrative.text.model_dump() == GOOD
    assert narrative.usage == Usage(prompt_tokens=300, completion_tokens=60)


def test_request_has_schema_and_facts_last(mug: Assessment) -> None:
    asked: dict[str, Any] = {}

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.update(json.loads(request.content))
        return completion(json.dumps(GOOD))

    narrate(mug, answer)
    assert asked["response_format"]["json_schema"]["strict"] is True
    assert asked["reasoning_effort"] == "none"
    assert asked["messages"][-1]["content"].splitlines() == [
        "item: mug",
        "material: ceramic",
        "looks like: a blue ceramic mug",
        "condition: excellent",
        "marks: none",
    ]


@pytest.mark.parametrize("wear", [(), ("chip",), ("chip", "dent"), ("chip", "dent", "stain", "tear")])
def test_examples_match_number_of_marks(
    observation: Callable[..., Observation], wear: tuple[str, ...]
) -> None:
    marks: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        messages = json.loads(request.content)["messages"]
        marks.extend(m["content"].splitlines()[-1] for m in messages if m["role"] == "user")
        return completion(json.dumps(GOOD))

    narrate(assess(observation(wear=(wear,)), None, DRAWN), answer)
    *examples, question = (line.count(" a ") for line in marks)
    assert examples == [min(3, len(wear))] * 2
    assert question == len(wear)


@pytest.mark.parametrize(
    "answer",
    [
        completion(json.dumps(GOOD | {"description": GOOD["description"].replace("ceramic", "glass")})),
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
        completion(json.dumps(GOOD | {"title": "Blue mug\x00"})),
        completion(json.dumps(GOOD | {"title": "Blue mug\u202e"})),
        completion(json.dumps(GOOD)[:-1] + ',"title":"Ikea"}'),
    ],
    ids=[
        "unproven",
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
        "nul",
        "bidi",
        "twice",
    ],
)
def test_template_replaces_unusable_answer(
    mug: Assessment, answer: httpx2.Response, caplog: pytest.LogCaptureFixture
) -> None:
    narrative = narrate(mug, lambda _: answer)
    assert narrative.source == "template"
    assert "ceramic mug" in narrative.text.description
    assert all(len(str(vars(record)["reason"])) < 200 for record in caplog.records)


def test_words_of_the_llm_are_not_logged(mug: Assessment, caplog: pytest.LogCaptureFixture) -> None:
    said = {**GOOD, "title": "Canary7f3a mug"}
    assert narrate(mug, lambda _: completion(json.dumps(said))).source == "template"
    (record,) = caplog.records
    assert vars(record)["reason"] == "a word is stated without evidence"


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
    said = {name: text.replace(" ", "\n\t") for name, text in GOOD.items()}
    assert narrate(mug, lambda _: completion(json.dumps(said))).text.model_dump() == GOOD


def test_condition_is_not_claimed_unjudged(observation: Callable[..., Observation]) -> None:
    blurred = assess(observation(), [(Flaw.BLURRED,)], DRAWN)
    narrative = narrate(blurred, lambda _: completion(json.dumps(GOOD)))
    assert (narrative.source, "excellent" in narrative.text.description) == ("template", False)
