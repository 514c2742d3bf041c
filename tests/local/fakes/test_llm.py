"""The real language model behind its real server, asked by the client that the service uses."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx2
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion
from openai.types.chat.chat_completion import Choice
from pydantic_core import from_json

from catalogue.model import Language
from services.core.narrative.facts import FACT_IDS
from services.core.narrative.narrator import MAX_OUTPUT_TOKENS
from services.core.narrative.prompt import answer_schema, prompt_prefix

pytestmark = pytest.mark.system  # loads a model of 145 MB
LANGUAGES: tuple[Language, ...] = ("en", "fr")
# How the prompt begins: the rules. With its examples, they take the model ten seconds.
PREFIX = prompt_prefix(("en",))[:1]
SERVER = """
import sys
from local.fakes import llm
whole = llm.prompt_prefix
llm.prompt_prefix = lambda languages: whole(languages)[:1]
llm.main(sys.argv[1:])
"""
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"title": {"type": "string", "maxLength": 20}, "grade": {"enum": ["good", "worn"]}},
    "required": ["title", "grade"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def llm() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-c", SERVER, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            with httpx2.Client(trust_env=False) as client:
                until = time.monotonic() + 180
                while True:
                    try:
                        if client.get(f"{url}/health").status_code == 200:
                            break
                    except httpx2.TransportError:
                        pass
                    assert process.poll() is None
                    assert time.monotonic() < until
                    time.sleep(0.05)
            yield url
        finally:
            process.kill()


def ask(llm: str, said: str, schema: dict[str, object], tokens: int) -> Choice:
    """The answer by a schema, of so many tokens at most."""

    async def ask() -> ChatCompletion:
        # A proxy in the shell must not stand between the test and this machine.
        http = httpx2.AsyncClient(trust_env=False, timeout=120)
        async with AsyncOpenAI(base_url=f"{llm}/v1", api_key="local", http_client=http) as client:
            return await client.chat.completions.create(
                model="any",
                messages=[{"role": "user", "content": said}],
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": "listing", "strict": True, "schema": schema},
                },
                max_completion_tokens=tokens,
            )

    completion = asyncio.run(ask())
    assert completion.usage is not None
    return completion.choices[0]


def test_answer_follows_the_json_schema(llm: str) -> None:
    choice = ask(llm, "A worn blue ceramic mug.", SCHEMA, tokens=60)
    assert choice.finish_reason == "stop"
    answer = json.loads(choice.message.content or "")
    assert answer.keys() == {"title", "grade"}
    assert answer["grade"] in ("good", "worn")
    assert len(answer["title"]) <= 20


def test_answer_follows_the_services_schema(llm: str) -> None:
    # Without the examples, which take long to read, an answer may be long: its beginning is enough.
    choice = ask(llm, "kind: mug | tasse", answer_schema(LANGUAGES), tokens=80)
    answer = from_json(choice.message.content or "", allow_partial=True)
    assert tuple(answer) == LANGUAGES[: len(answer)]
    english = answer["en"]
    assert english.keys() <= {"title", "sentences"}
    assert len(english["title"]) <= 90
    for sentence in english.get("sentences", ()):
        assert sentence.keys() <= {"text", "facts"}
        assert {*sentence.get("facts", ())} <= {*FACT_IDS}


def test_prompt_and_answer_fit_the_context(llm: str) -> None:
    prefix = prompt_prefix(LANGUAGES)
    # The facts of the last worked example stand for a report's.
    facts = prefix[-2]
    with httpx2.Client(base_url=llm, trust_env=False, timeout=120) as client:
        text = client.post("/apply-template", json={"messages": [*prefix, facts]}).json()["prompt"]
        tokens = client.post("/tokenize", json={"content": text}).json()["tokens"]
        context = client.get("/props").json()["default_generation_settings"]["n_ctx"]
    assert 1_000 < len(tokens) < context - MAX_OUTPUT_TOKENS * len(LANGUAGES)


def test_prefix_is_read_at_start(llm: str) -> None:
    facts = {"role": "user", "content": "kind: mug\nphotos: 1"}
    body = {"messages": [*PREFIX, facts], "max_tokens": 1}
    answer = httpx2.post(f"{llm}/v1/chat/completions", json=body, timeout=120, trust_env=False).json()
    read = answer["usage"]["prompt_tokens"] - answer["usage"]["prompt_tokens_details"]["cached_tokens"]
    assert read < 20 < answer["usage"]["prompt_tokens"]


@pytest.mark.skipif(not os.path.exists("/proc/net/tcp"), reason="reads Linux's table of sockets")  # noqa: PTH110
def test_server_listens_on_loopback_only(llm: str) -> None:
    port = f":{int(llm.rsplit(':', 1)[1]):04X}"
    with open("/proc/net/tcp") as table:  # noqa: PTH123
        listening = [row.split()[1] for row in table if row.split()[1].endswith(port)]
    assert listening
    assert all(address.startswith("0100007F") for address in listening)
