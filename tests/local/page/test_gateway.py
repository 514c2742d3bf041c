"""What reaches the gateway, and what comes back."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from local.page.gateway import Gateway
from local.page.server import create_app

CONFIG = {"supabase_url": "http://127.0.0.1:54321"}
URL = "http://127.0.0.1:4566/_aws/execute-api/abc/$default"


class Upstream:
    """A gateway that keeps the requests it gets and gives each the same answer, or fails."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []
        self.status = 200
        self.headers: list[tuple[str, str]] = []
        self.chunks = [b"{}"]
        self.failure: Exception | None = None

    async def handle(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        self.requests.append(request)
        if self.failure is not None:
            raise self.failure
        return httpx2.Response(self.status, headers=self.headers, stream=_Chunks(self.chunks))


class _Chunks(httpx2.AsyncByteStream):
    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def page(upstream: Upstream, tmp_path: Path) -> Iterator[TestClient]:
    gateway = Gateway(URL, httpx2.MockTransport(upstream.handle))
    with TestClient(create_app(tmp_path, CONFIG, gateway, "http://127.0.0.1:4566")) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/reports", "/reports"),
        (
            "/api/reports?search=a%20mug&search=%C3%A9&cursor=",
            "/reports?search=a%20mug&search=%C3%A9&cursor=",
        ),
        ("/api/reports/a%2Fb", "/reports/a%2Fb"),
        ("/api/api/reports", "/api/reports"),
        ("/api/", "/"),
    ],
)
def test_path_and_query_stay_as_written(
    page: TestClient, upstream: Upstream, path: str, expected: str
) -> None:
    assert page.get(path).status_code == 200
    assert str(upstream.requests[0].url) == f"{URL}{expected}"


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "PUT"])
def test_headers_and_body_are_passed_on(page: TestClient, upstream: Upstream, method: str) -> None:
    body = b"--x\r\n" + bytes(range(256)) * 4000
    headers = {"Authorization": "Bearer t", "Idempotency-Key": "k", "Prefer": "wait=20", "TE": "trailers"}
    page.request(method, "/api/analyze", content=body, headers=headers)
    (request,) = upstream.requests
    assert (request.method, request.content) == (method, body)
    assert request.headers["authorization"] == "Bearer t"
    assert request.headers["idempotency-key"] == "k"
    assert request.headers["prefer"] == "wait=20"
    assert request.headers["host"] == "127.0.0.1:4566"
    assert request.headers["content-length"] == str(len(body))
    assert "te" not in request.headers
    assert "transfer-encoding" not in request.headers


def test_read_has_no_body(page: TestClient, upstream: Upstream) -> None:
    page.get("/api/reports")
    assert "transfer-encoding" not in upstream.requests[0].headers
    assert "content-length" not in upstream.requests[0].headers


def test_answer_comes_back_unchanged(page: TestClient, upstream: Upstream) -> None:
    problem = {"status": 429, "code": "quota_exceeded", "detail": "…"}
    upstream.headers = [
        ("Content-Type", "application/problem+json"),
        ("Retry-After", "60"),
        ("Link", "</reports?cursor=a>; rel=next"),
        ("Server-Timing", "accept;dur=1"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Connection", "keep-alive"),
        ("Server", "emulator"),
    ]
    upstream.status, upstream.chunks = 429, [json.dumps(problem).encode()]
    answer = page.get("/api/reports")
    assert (answer.status_code, answer.json()) == (429, problem)
    assert answer.headers["retry-after"] == "60"
    assert answer.headers["link"] == "</reports?cursor=a>; rel=next"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    assert "connection" not in answer.headers
    assert "server" not in answer.headers
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_card_keeps_its_own_policy(page: TestClient, upstream: Upstream) -> None:
    policy = "default-src 'none'; style-src 'sha256-x'"
    upstream.headers = [("Content-Type", "text/html"), ("Content-Security-Policy", policy)]
    answer = page.get("/api/reports/x", headers={"Accept": "text/html"})
    assert answer.headers.get_list("content-security-policy") == [policy]
    assert answer.headers["x-frame-options"] == "DENY"


def test_encoded_answer_stays_encoded(page: TestClient, upstream: Upstream) -> None:
    packed = gzip.compress(b'{"reports": []}')
    upstream.headers = [("Content-Encoding", "gzip"), ("Content-Type", "application/json")]
    upstream.chunks = [packed[:5], packed[5:]]
    answer = page.get("/api/reports")
    assert answer.json() == {"reports": []}
    assert answer.headers["content-encoding"] == "gzip"


def test_redirects_are_left_to_the_browser(page: TestClient, upstream: Upstream) -> None:
    upstream.status, upstream.headers = 303, [("Location", "/reports/x")]
    answer = page.get("/api/reports", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/reports/x")


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (httpx2.ConnectError("refused"), 502),
        (httpx2.ReadError("reset"), 502),
        (httpx2.RemoteProtocolError("closed"), 502),
        (httpx2.ReadTimeout("late"), 504),
    ],
)
def test_gateway_that_fails_is_told(
    page: TestClient, upstream: Upstream, failure: Exception, status: int
) -> None:
    upstream.failure = failure
    answer = page.post("/api/analyze", content=b"photo")
    assert answer.status_code == status
    assert set(answer.json()) == {"message"}


def test_client_that_leaves_ends_its_upload(upstream: Upstream, tmp_path: Path) -> None:
    app = create_app(
        tmp_path, CONFIG, Gateway(URL, httpx2.MockTransport(upstream.handle)), "http://127.0.0.1:4566"
    )
    received: Iterator[MutableMapping[str, Any]] = iter(
        [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]
    )
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return next(received)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    path = "/api/analyze"
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b""}
    asyncio.run(app({**scope, "headers": [(b"content-length", b"1000")]}, receive, send))
    assert upstream.requests == []
    assert sent[0]["status"] == 400


def test_absent_gateway_is_502(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    app = create_app(tmp_path, CONFIG, Gateway(f"http://127.0.0.1:{port}"), "http://127.0.0.1:4566")
    with TestClient(app) as page:
        assert page.get("/api/reports").status_code == 502
