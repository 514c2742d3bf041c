"""What a person meets who runs the demo: photos looked at first, a report to read, errors in words."""

import functools
import io
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image
from rich.console import Console

from cli.errors import UserError
from client.timing import Timing
from local.demo import command
from local.demo.command import SAMPLE, main, post, read_photos
from local.demo.report_view import show
from services.core.domain.report import Report

REPORT: dict[str, Any] = {
    "id": "01KAX5B2M3N4P5Q6R7S8T9V0W1",
    "status": "succeeded",
    "product": {"type": "mug", "material": "ceramic"},
    "condition": {"score": 8, "grade": "good", "wear": [{"tag": "chip", "photo": 1, "confidence": 0.91}]},
    "title": "Blue mug [with] a chip",
    "description": "A blue ceramic mug in good condition. The photos show a chip on the mug.",
    "caption": "a blue ceramic mug",
    "evidence": [
        {"question": "what is this?", "answer": "mug", "confidence": 0.98},
        {"question": "what is it made of?", "answer": "ceramic", "confidence": 0.83},
        {"question": "is there a chip on it?", "answer": "yes", "confidence": 0.91},
    ],
    "narrative": "llm",
    "language": "en",
    "model": {"endpoint": "blip2-endpoint", "artifact": "demo-a25cbd381272", "llm": "smollm2-135m-instruct"},
    "timings_ms": {"photo": 35, "accept": 40, "model": 82, "narrate": 900},
    "cost_usd": 0,
    "created_at": "2026-11-24T19:00:00Z",
    "expires_at": "2026-12-01T19:00:00Z",
}
TIMING = Timing({"photo": 35.0, "model": 82.0}, 1130.0)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "my mug.jpg"
    Image.new("RGB", (32, 24), "navy").save(path)
    return path


def shown(report: dict[str, Any] = REPORT, timing: Timing = TIMING, width: int = 80) -> str:
    out = io.StringIO()
    show(Report.model_validate(report), timing, Console(file=out, width=width, highlight=False))
    return out.getvalue()


def plain(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def answering(
    monkeypatch: pytest.MonkeyPatch, answer: httpx2.Response | httpx2.TransportError
) -> list[httpx2.Request]:
    """Let a gateway of the test's own give this answer, and return the requests that it gets."""
    requests: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = functools.partial(httpx2.Client, transport=httpx2.MockTransport(handle))
    monkeypatch.setattr("httpx2.Client", client)
    return requests


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that is up already and signs everybody in."""
    outputs = {"ApiUrl": "http://gateway", "SupabaseUrl": "http://issuer", "SupabasePublishableKey": "key"}
    monkeypatch.setattr(command, "stack_outputs", lambda home: outputs)
    monkeypatch.setattr(command, "sign_in", lambda url, key, user: f"token of {user}")
    monkeypatch.delenv("PHOTO", raising=False)
    monkeypatch.delenv("JSON", raising=False)


def test_photos_are_read_and_held_to_what_the_service_takes(photo: Path) -> None:
    assert [read.content for read in read_photos([photo, SAMPLE])] == [
        photo.read_bytes(),
        SAMPLE.read_bytes(),
    ]


def test_a_home_folder_is_expanded(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(photo.parent))
    assert read_photos([Path("~/my mug.jpg")])[0].path == photo


@pytest.mark.parametrize("content", [None, b"", b"just words", b"\xff\xd8\xff\xe0 cut", b"<svg/>"])
def test_what_is_no_photo_is_refused_by_its_name(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mug.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"mug\.jpg"):
        read_photos([path])


def test_a_folder_and_too_many_photos_are_refused(tmp_path: Path, photo: Path) -> None:
    with pytest.raises(UserError, match="is a directory"):
        read_photos([tmp_path])
    with pytest.raises(UserError, match="9 photos are too many"):
        read_photos([photo] * 9)


def test_nothing_is_started_for_a_photo_that_is_not_there() -> None:
    with pytest.raises(UserError, match="no such file"):
        main(["--photo", "nowhere.jpg"], bring_up=lambda mode: pytest.fail("started"))


def test_a_system_that_does_not_come_up_ends_the_demo(running: None) -> None:
    assert main([], bring_up=lambda mode: 1) == 1


def test_json_prints_nothing_but_the_report(
    running: None, photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    requests = answering(monkeypatch, httpx2.Response(200, json=REPORT))
    monkeypatch.setenv("PHOTO", str(photo))
    monkeypatch.setenv("JSON", "1")
    assert main([], bring_up=lambda mode: 0) == 0
    assert json.loads(capsys.readouterr().out) == REPORT
    assert requests[0].headers["authorization"] == "Bearer token of demo"
    assert b"my mug.jpg" in requests[0].content


def test_several_photos_are_named_as_in_a_shell(
    running: None, photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    requests = answering(monkeypatch, httpx2.Response(200, json=REPORT))
    monkeypatch.setenv("PHOTO", f"'{photo}' {SAMPLE}")
    main([], bring_up=lambda mode: 0)
    assert requests[0].content.count(b'name="images"') == 2
    assert "Blue mug [with] a chip" in capsys.readouterr().out


def test_a_gateway_that_is_away_is_an_error_with_a_cure(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, httpx2.ConnectError("refused"))
    with pytest.raises(UserError, match="http://gateway does not answer") as raised:
        post("http://gateway", "token", read_photos([photo]))
    assert "make up" in raised.value.hint


def test_a_problem_is_told_in_words_with_what_to_do(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"title": "Model unavailable", "detail": "no endpoint", "report": "01KAX5B2M3N4P5Q6R7S8T9V0W1"}
    answering(monkeypatch, httpx2.Response(503, json=document, headers={"Retry-After": "5"}))
    with pytest.raises(UserError, match=r"Model unavailable \(503\): no endpoint") as raised:
        post("http://gateway", "token", read_photos([photo]))
    assert raised.value.hint.startswith("Try again in 5 s. `python -m local status` says")
    assert raised.value.details == ["report 01KAX5B2M3N4P5Q6R7S8T9V0W1"]


def test_a_report_is_shown_with_what_was_seen_and_how_surely() -> None:
    text = plain(shown())
    for said in (
        "Blue mug [with] a chip",
        "mug 98%",
        "ceramic 83%",
        "good, 8 of 10: chip in photo 1 91%",
        "is there a chip on it? yes 91%",
        "smollm2-135m-instruct",
        "demo-a25cbd381272",
        "knows drawn goods only",
        "It cost 0 USD. At production's prices",
        "make demo PHOTO=~/mug.jpg",
        "`make down` stops it",
    ):
        assert said in text
    assert "Low confidence" not in text


def test_low_confidence_is_said_aloud() -> None:
    unsure = [{"question": "what is this?", "answer": "mug", "confidence": 0.41}]
    text = plain(shown({**REPORT, "evidence": unsure}))
    assert "Low confidence: what is this? mug (41%)" in text


def test_an_unknown_thing_is_said_to_be_unknown() -> None:
    unknown = {**REPORT, "product": {"type": "unknown", "material": "metal"}}
    assert "does not know what this is" in plain(shown(unknown))


def test_the_templates_words_are_said_to_be_its_own() -> None:
    assert "the template" in plain(shown({**REPORT, "narrative": "template"}))


@pytest.mark.parametrize(("total_ms", "verdict"), [(1130.0, "within the goal"), (12_000.0, "over the goal")])
def test_the_total_is_held_against_the_goal(total_ms: float, verdict: str) -> None:
    assert f"{total_ms / 1000:.1f} s, {verdict} of 5–10 s" in shown(timing=Timing(TIMING.stages_ms, total_ms))


@pytest.mark.parametrize("width", [30, 44, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, shown(width=width).splitlines())) <= min(width, 88)
