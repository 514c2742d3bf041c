from __future__ import annotations

import argparse
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import huggingface_hub.constants
import pytest

from model_artifacts.blip2.tools import watch
from model_artifacts.blip2.tools.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator

NEWEST, PINNED = "a" * 40, "b" * 40


class _Hub(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path.partition("?")[0] == "/api/models/acme/blip2"
        info = {"id": "acme/blip2", "sha": NEWEST, "lastModified": "2026-11-02T10:00:00.000Z"}
        body = json.dumps(info).encode() if known else b""
        self.send_response(200 if known else 404)
        if not known:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        pass


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def run(*words: str) -> list[str]:
    parser = argparse.ArgumentParser()
    watch.arguments(parser)
    return watch.run(parser.parse_args(words))


def test_a_newer_revision_is_said() -> None:
    assert run("--model", "acme/blip2", "--revision", PINNED) == [
        f"acme/blip2: the hub's newest revision is {NEWEST} of 2026-11-02; pinned is {PINNED}"
    ]


def test_the_newest_revision_is_said_to_be_it() -> None:
    assert run("--model", "acme/blip2", "--revision", NEWEST) == [
        f"acme/blip2: {NEWEST} is the newest revision"
    ]


def test_an_unknown_model_is_an_error() -> None:
    with pytest.raises(ArtifactError, match="acme/other: the hub knows no such model"):
        run("--model", "acme/other", "--revision", PINNED)


def test_a_branch_is_no_pin() -> None:
    with pytest.raises(ArtifactError, match="not main: a branch or a tag may hold another model tomorrow"):
        run("--model", "acme/blip2", "--revision", "main")


def test_a_hub_out_of_reach_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(time, "sleep", lambda _: None)  # between the client's attempts
    with pytest.raises(ArtifactError, match=r"acme/blip2: asking the hub fails: .*HF_ENDPOINT"):
        run("--model", "acme/blip2", "--revision", PINNED)
