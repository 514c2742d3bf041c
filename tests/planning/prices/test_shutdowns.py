"""OpenAI's list of models, asked over HTTP: answers, refusals and silence."""

import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from planning.prices import shutdowns
from planning.prices.shutdowns import shutdown_dates
from planning.prices.sources import AwayError

KEY = "sk-made-up-key"
# In the form of OpenAI's reference: a model without a known end, one that ends, and one without the field.
LISTED = """{"object": "list", "data": [
  {"id": "gpt-6-luna", "object": "model", "created": 1686935002, "owned_by": "system", "shutdown_date": null},
  {"id": "gpt-5", "object": "model", "created": 1686935002, "owned_by": "x", "shutdown_date": "2026-12-11"},
  {"id": "mine", "object": "model", "created": 1686935002, "owned_by": "user"}
]}"""


class Provider(ThreadingHTTPServer):
    status, body = 200, LISTED

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.stalls = threading.Event()
        self.asked: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        if self.server.status == 0:
            self.server.stalls.wait(5)
            return
        body = self.server.body.encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(body)))
        if 300 <= self.server.status < 400:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.stalls.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_last_days_are_read(provider: Provider) -> None:
    found = shutdown_dates(KEY, provider.url)
    assert found == {"gpt-6-luna": None, "gpt-5": date(2026, 12, 11), "mine": None}
    assert provider.asked == [("/v1/models", f"Bearer {KEY}")]


def test_slash_behind_the_address_is_allowed(provider: Provider) -> None:
    shutdown_dates(KEY, f"{provider.url}/")
    assert provider.asked[0][0] == "/v1/models"


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (
            401,
            '{"error": {"message": "Incorrect API key provided: sk-made-up-key"}}',
            "does not accept the API key",
        ),
        (429, "", "answers 429"),
        (500, "<html>", "answers 500"),
        (302, "", "answers 302"),
        (200, "<html>", "not answer as documented: its JSON"),
        (200, "{}", "not answer as documented: data"),
        (200, '{"data": [{"id": "a", "shutdown_date": "soon"}]}', r"data\.0\.shutdown_date"),
        (200, "", "its JSON"),
    ],
)
def test_other_answers_leave_the_rows(provider: Provider, status: int, body: str, reason: str) -> None:
    provider.status, provider.body = status, body
    with pytest.raises(AwayError, match=reason) as away:
        shutdown_dates(KEY, provider.url)
    assert KEY not in str(away.value)


def test_silent_provider_is_away(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutdowns, "_PATIENCE_S", 0.1)
    provider.status = 0
    with pytest.raises(AwayError, match="does not answer: ReadTimeout"):
        shutdown_dates(KEY, provider.url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "nonsense", "ftp://127.0.0.1/v1", "http://[::1"])
def test_wrong_address_is_away(url: str) -> None:
    with pytest.raises(AwayError, match="does not answer"):
        shutdown_dates(KEY, url)


@pytest.mark.parametrize("key", ["sk-a\nb", "sk-é", "sk-\x00"])
def test_key_that_no_header_holds_is_away(provider: Provider, key: str) -> None:
    with pytest.raises(AwayError) as away:
        shutdown_dates(key, provider.url)
    assert key not in str(away.value)
