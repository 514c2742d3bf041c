"""Which of two media types a client prefers: the values are those of RFC 9110, 12.5.1, and of browsers."""

import pytest

from services.analyze.accept import prefers

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
CHROME = f"{FIREFOX},application/signed-exchange;v=b3;q=0.7"


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "TEXT/HTML",
        "text/html; charset=utf-8",
        "text/*",
        FIREFOX,
        CHROME,
        "text/html;q=0.5, application/json;q=0.4",
        "text/html, application/json;q=0",
        "*/*;q=0.1, text/html ; q=0.2",
        "application/json;q=0.9, */*",
    ],
)
def test_html_is_preferred(accept: str) -> None:
    assert prefers([accept], "text/html", "application/json")


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json",
        "text/html, application/json",
        "text/html;q=0.4, application/json;q=0.5",
        "text/html;q=0",
        "text/*, text/html;q=0, application/*;q=0.1",
        "text/html;q=2",
        "text/html;q=",
        "text/html;q=nan",
        "text",
        ",;,",
        "image/png",
        "text/html;q=0.5, */*",
    ],
)
def test_json_stays(accept: str) -> None:
    assert not prefers([accept], "text/html", "application/json")


def test_client_without_accept_gets_json() -> None:
    assert not prefers([], "text/html", "application/json")


def test_several_headers_count_as_one() -> None:
    assert prefers(["application/json;q=0.1", "text/html"], "text/html", "application/json")
