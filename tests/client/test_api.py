"""The calls of a user: what they send, and what they return."""

import asyncio
import functools
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx2
import pytest

from client import api
from client.api import Refused, Unreachable
from services.analyze.form import FIELD, LANGUAGES_FIELD, Form, content_type, read_form

URL = "https://api.shop.example"


@pytest.fixture
def requests() -> list[httpx2.Request]:
    return []


def answering(
    monkeypatch: pytest.MonkeyPatch,
    requests: list[httpx2.Request],
    answer: httpx2.Response | httpx2.TransportError,
) -> None:
    answering_each(monkeypatch, itertools.repeat(answer), requests)


def answering_each(
    monkeypatch: pytest.MonkeyPatch,
    answers: Iterator[httpx2.Response | BaseException],
    requests: list[httpx2.Request] | None = None,
) -> list[httpx2.Request]:
    """Answer each request by the next answer, and return the requests as they come."""
    seen = [] if requests is None else requests

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        answer = next(answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    client = functools.partial(httpx2.Client, transport=httpx2.MockTransport(handle))
    monkeypatch.setattr("httpx2.Client", client)
    return seen


def test_user_signs_in_with_password(monkeypatch: pytest.MonkeyPatch, requests: list[httpx2.Request]) -> None:
    answering(monkeypatch, requests, httpx2.Response(200, json={"access_token": "token"}))
    assert api.sign_in("https://p.supabase.example", "key", "a@b.example", "secret") == "token"
    assert str(requests[0].url) == "https://p.supabase.example/auth/v1/token?grant_type=password"
    assert requests[0].headers["apikey"] == "key"
    assert json.loads(requests[0].content) == {"email": "a@b.example", "password": "secret"}


def test_wrong_password_shows_issuers_words(
    monkeypatch: pytest.MonkeyPatch, requests: list[httpx2.Request]
) -> None:
    answering(monkeypatch, requests, httpx2.Response(400, json={"msg": "Invalid login credentials"}))
    with pytest.raises(Refused, match="The identity issuer answered 400: Invalid login credentials"):
        api.sign_in(URL, "key", "a@b.example", "secret")


def test_post_returns_report_and_stages(
    monkeypatch: pytest.MonkeyPatch, requests: list[httpx2.Request]
) -> None:
    headers = {"Server-Timing": "photo;dur=35.1, narrate;dur=900"}
    answering(monkeypatch, requests, httpx2.Response(200, json={"id": "1"}, headers=headers))
    posted = api.post(URL, "token", [("a.jpg", b"one"), ("b.jpg", b"two")], key="k1")
    assert (posted.report, posted.ended) == ({"id": "1"}, True)
    assert requests[0].headers["idempotency-key"] == "k1"
    assert posted.timing.stages_ms == {"photo": 35.1, "narrate": 900.0}
    assert requests[0].headers["authorization"] == "Bearer token"
    assert requests[0].content.count(b'name="images"') == 2


def test_languages_are_fields_of_the_form(
    monkeypatch: pytest.MonkeyPatch, requests: list[httpx2.Request]
) -> None:
    answering(monkeypatch, requests, httpx2.Response(200, json={"id": "1"}))
    api.post(URL, "token", [("a.jpg", b"one")], languages=("fr", "en"))
    kind = content_type(requests[0].headers["content-type"])

    async def body() -> AsyncIterator[bytes]:
        yield requests[0].content

    assert asyncio.run(read_form(kind, body())) == Form([b"one"], ("fr", "en"))
    api.post(URL, "token", [("a.jpg", b"one")])
    assert b"languages" not in requests[1].content


@pytest.mark.parametrize(
    ("call", "method", "path", "body"),
    [
        (lambda: api.correct(URL, "token", "1", {"title": None}), "PATCH", "/reports/1", b'{"title":null}'),
        (lambda: api.word(URL, "token", "1"), "POST", "/reports/1/wording", b""),
    ],
)
def test_report_is_changed(
    monkeypatch: pytest.MonkeyPatch,
    requests: list[httpx2.Request],
    call: Callable[[], dict[str, Any]],
    method: str,
    path: str,
    body: bytes,
) -> None:
    answering(monkeypatch, requests, httpx2.Response(200, json={"id": "1"}))
    assert call() == {"id": "1"}
    (request,) = requests
    assert (request.method, request.url.path, request.content) == (method, path, body)
    assert request.headers["authorization"] == "Bearer token"
    answering(monkeypatch, requests, httpx2.Response(409, json={"title": "Wording refused", "detail": "d"}))
    with pytest.raises(Refused, match=r"Wording refused \(409\): d"):
        call()


def test_report_is_erased(monkeypatch: pytest.MonkeyPatch, requests: list[httpx2.Request]) -> None:
    answering(monkeypatch, requests, httpx2.Response(200, json={"id": "01K"}))
    assert api.erase(URL, "token", "01K") == {"id": "01K"}
    assert (requests[0].method, requests[0].url.path) == ("DELETE", "/reports/01K")


def test_unerased_report_is_an_error(monkeypatch: pytest.MonkeyPatch, requests: list[httpx2.Request]) -> None:
    answering(monkeypatch, requests, httpx2.Response(404, json={"title": "Not found", "detail": "no report"}))
    with pytest.raises(Refused, match=r"Not found \(404\): no report"):
        api.erase(URL, "token", "01K")


def test_receipt_must_be_json(monkeypatch: pytest.MonkeyPatch, requests: list[httpx2.Request]) -> None:
    answering(monkeypatch, requests, httpx2.Response(200, text="<html>a proxy's page</html>"))
    with pytest.raises(Refused, match="a proxy's page"):
        api.erase(URL, "token", "01K")


def test_status_is_asked_without_token(
    monkeypatch: pytest.MonkeyPatch, requests: list[httpx2.Request]
) -> None:
    answering(monkeypatch, requests, httpx2.Response(401))
    assert api.status_without_token(URL) == 401
    assert "authorization" not in requests[0].headers


def test_no_answer_names_address_and_reason(
    monkeypatch: pytest.MonkeyPatch, requests: list[httpx2.Request]
) -> None:
    answering(monkeypatch, requests, httpx2.ConnectError("refused"))
    with pytest.raises(Unreachable) as raised:
        api.status_without_token(URL)
    assert (raised.value.address, raised.value.reason) == (f"{URL}/analyze", "ConnectError")


@pytest.mark.parametrize(
    ("url", "trusted"), [("http://127.0.0.1:80", False), ("http://localhost", False), (URL, True)]
)
def test_loopback_bypasses_proxies(monkeypatch: pytest.MonkeyPatch, url: str, trusted: bool) -> None:
    options: list[bool] = []
    transport = httpx2.MockTransport(lambda request: httpx2.Response(401))

    def client(*, trust_env: bool, timeout: float) -> httpx2.Client:
        options.append(trust_env)
        return real(trust_env=False, timeout=timeout, transport=transport)

    real = httpx2.Client
    monkeypatch.setattr("httpx2.Client", client)
    api.status_without_token(url)
    assert options == [trusted]


def test_problem_document_becomes_words() -> None:
    document = {
        "title": "Model unavailable",
        "detail": "the endpoint cannot be reached",
        "remedy": "wait",
        "report": "01K",
        "trace_id": "4bf9",
    }
    error = Refused("The gateway", httpx2.Response(503, json=document, headers={"Retry-After": "5"}))
    assert str(error) == "Model unavailable (503): the endpoint cannot be reached"
    assert error.remedies == ["wait.", "Try again in 5 s."]
    assert (error.report_id, error.facts) == ("01K", ["report 01K", "trace_id 4bf9"])


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(403, json={"message": "Forbidden"}),
        httpx2.Response(413, text="Request Entity Too Large"),
        httpx2.Response(500, json=[]),
        httpx2.Response(502),
    ],
)
def test_gateway_answers_become_words(answer: httpx2.Response) -> None:
    assert str(Refused("The gateway", answer)).startswith(f"The gateway answered {answer.status_code}: ")


def test_client_and_service_name_one_field() -> None:
    assert (api.IMAGES, api.LANGUAGES) == (FIELD, LANGUAGES_FIELD)


@pytest.mark.parametrize("said", ["<html>", "[]", "[" * 100_000, '{"access_token": 7}', "{}"])
def test_odd_token_answer_is_refused(
    monkeypatch: pytest.MonkeyPatch, requests: list[httpx2.Request], said: str
) -> None:
    answering(monkeypatch, requests, httpx2.Response(200, text=said))
    with pytest.raises(Refused):
        api.sign_in("https://p.supabase.example", "key", "a@b.example", "secret")


def test_odd_problem_document_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, requests: list[httpx2.Request]
) -> None:
    said = {"detail": 7, "remedy": ["no"], "report": {"a": 1}, "title": None}
    answering(monkeypatch, requests, httpx2.Response(503, json=said, headers={"retry-after": "soon"}))
    with pytest.raises(Refused, match="no reason given"):
        api.erase(URL, "token", "1")


@pytest.mark.parametrize("odd", ["model;dur=1.2.3", "model;dur=" + "9" * 500, "model;dur=.", "model;dur=٣"])
def test_odd_timing_is_left_out(odd: str) -> None:
    assert api.RequestTiming.of(f"photo;dur=1.5, {odd}", 10.0).stages_ms == {"photo": 1.5}
