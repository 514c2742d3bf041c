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

from services.core.narrative.prompt import prompt_prefix

pytestmark = pytest.mark.system  # loads a model of 145 MB
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


def test_answer_follows_the_json_schema(llm: str) -> None:
    async def ask() -> str:
        # A proxy in the shell must not stand between the test and this machine.
        http = httpx2.AsyncClient(trust_env=False, timeout=120)
        async with AsyncOpenAI(base_url=f"{llm}/v1", api_key="local", http_client=http) as client:
            completion = await client.chat.completions.create(
                model="any",
                messages=[{"role": "user", "content": "A worn blue ceramic mug."}],
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": "listing", "strict": True, "schema": SCHEMA},
                },
                max_completion_tokens=60,
            )
        assert completion.choices[0].finish_reason == "stop"
        assert completion.usage is not None
        return completion.choices[0].message.content or ""

    answer = json.loads(asyncio.run(ask()))
    assert answer.keys() == {"title", "grade"}
    assert answer["grade"] in ("good", "worn")
    assert len(answer["title"]) <= 20


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
