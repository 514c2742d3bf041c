"""The demo: photos are checked first, the report is printed, errors are sentences."""

import functools
import io
import json
import os
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image
from rich.console import Console

import catalogue
from cli.errors import UserError
from client.api import RequestTiming
from local import __main__ as commands
from local.commands import SAMPLE
from local.demo import command
from local.demo.command import post, read_photos
from local.demo.report_view import print_report
from model_artifacts.blip2_photo import MODEL as PHOTO_MODEL
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
TIMING = RequestTiming({"photo": 35.0, "model": 82.0}, 1130.0)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "my mug.jpg"
    Image.new("RGB", (32, 24), "navy").save(path)
    return path


def shown(report: dict[str, Any] = REPORT, timing: RequestTiming = TIMING, width: int = 80) -> str:
    out = io.StringIO()
    print_report(Report.model_validate(report), timing, Console(file=out, width=width, highlight=False))
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
    """A system that is up already and signs every user in."""
    outputs = {"ApiUrl": "http://gateway", "SupabaseUrl": "http://issuer", "SupabasePublishableKey": "key"}
    monkeypatch.setattr("local.commands._bring_up", lambda mode: "Page: http://127.0.0.1:3000")
    monkeypatch.setattr(command, "stack_outputs", lambda home: outputs)
    monkeypatch.setattr(command, "sign_in", lambda url, key, user: f"token of {user}")
    monkeypatch.delenv("PHOTO", raising=False)
    monkeypatch.setenv("MODEL", "")
    monkeypatch.delenv("JSON", raising=False)


def test_valid_photos_are_read(photo: Path) -> None:
    assert [content for _, content in read_photos([photo, SAMPLE])] == [
        photo.read_bytes(),
        SAMPLE.read_bytes(),
    ]


def test_home_folder_is_expanded(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(photo.parent))
    assert read_photos([Path("~/my mug.jpg")]) == [(photo.name, photo.read_bytes())]


@pytest.mark.parametrize("content", [None, b"", b"just words", b"\xff\xd8\xff\xe0 cut", b"<svg/>"])
def test_invalid_photo_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mug.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"mug\.jpg"):
        read_photos([path])


def test_folder_and_many_photos_are_refused(tmp_path: Path, photo: Path) -> None:
    with pytest.raises(UserError, match="is a directory"):
        read_photos([tmp_path])
    with pytest.raises(UserError, match="9 photos are too many"):
        read_photos([photo] * 9)


def test_missing_photo_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("local.commands._bring_up", lambda mode: pytest.fail("started"))
    assert commands.main(["demo", "--photo", "nowhere.jpg"]) == 1
    assert "no such file" in capsys.readouterr().err


def test_failed_start_ends_the_demo(running: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(mode: str) -> None:
        raise UserError("The model server ended.")

    monkeypatch.setattr("local.commands._bring_up", fail)
    assert commands.main(["demo"]) == 1


def test_json_prints_only_the_report(
    running: None, photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    requests = answering(monkeypatch, httpx2.Response(200, json=REPORT))
    monkeypatch.setenv("PHOTO", str(photo))
    monkeypatch.setenv("JSON", "1")
    assert commands.main(["demo"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == REPORT
    assert err.endswith("Page: http://127.0.0.1:3000\n")
    assert requests[0].headers["authorization"] == "Bearer token of demo"
    assert b"my mug.jpg" in requests[0].content


def test_languages_are_asked_for(running: None, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = answering(monkeypatch, httpx2.Response(200, json=REPORT))
    assert commands.main(["demo", str(photo), "--languages", "fr,en"]) == 0
    assert requests[0].content.count(b'name="languages"') == 2


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--languages", "de"], "--languages: 'de' is no language"),
        (["--languages", ""], "--languages: names an empty language"),
        (["--languages", "en,en"], "--languages: names 'en' twice"),
        (["--languages", "fr", "--mode", "async"], "--languages is for --mode realtime"),
    ],
)
def test_wrong_languages_start_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    monkeypatch.setattr("local.commands._bring_up", lambda mode: pytest.fail("started"))
    assert commands.main(["demo", *options]) == 1
    assert says in capsys.readouterr().err


LABELS: dict[str, Any] = {
    "type": "tasse à anses",
    "material": "céramique vernie",
    "grade": "bon état",
    "wear": {"chip": "ébréchure"},
    "severities": {"minor": "légère"},
    "places": {"top_left": "en haut à gauche"},
    "reasons": {"wear_uncertain": "Une usure est incertaine."},
    "evidence": [
        {"question": "qu'est-ce que c'est ?", "answer": "tasse"},
        {"question": "de quelle matière ?", "answer": "céramique"},
        {"question": "est-ce ébréché ?", "answer": "oui"},
    ],
}


def test_labels_are_shown_as_words() -> None:
    mark = {"tag": "chip", "photo": 2, "confidence": 0.9, "severity": "minor", "place": "top_left"}
    changed = {
        "labels": LABELS,
        "condition": {"score": 8, "grade": "good", "wear": [mark]},
        "confidence": {"level": "medium", "reasons": ["wear_uncertain", "uncalibrated"]},
    }
    out = plain(shown(REPORT | changed, width=100))
    assert "tasse à anses 98%" in out and "céramique vernie 83%" in out
    assert "bon état, 8 of 10: légère ébréchure in photo 2, en haut à gauche 90%" in out
    assert "medium. Une usure est incertaine. The model's probabilities were not measured" in out
    assert "est-ce ébréché ? oui 91%" in out
    assert "is there a chip" not in out


def test_both_languages_are_shown() -> None:
    french = {"title": "Tasse bleue", "description": "Une tasse ébréchée.", "narrative": "template"}
    out = plain(shown(REPORT | {"translations": {"fr": french}, "languages": ["en", "fr"]}))
    assert "The photos show a chip on the mug. fr Tasse bleue Une tasse ébréchée." in out
    assert "smollm2-135m-instruct, and the template in place of what the facts do not hold" in out


def test_owners_facts_are_named() -> None:
    sources = {"type": "owner", "material": "model"}
    wear = [{"tag": "chip", "photo": None, "confidence": 1.0, "source": "owner"}]
    changed = {
        "product": REPORT["product"] | {"sources": sources},
        "condition": {"score": 8, "grade": "good", "wear": wear, "source": "owner"},
    }
    out = plain(shown(REPORT | changed))
    assert "mug by the owner" in out and "ceramic 83%" in out
    assert "good, 8 of 10 by the owner: chip by the owner" in out


def test_photo_variable_names_several_photos(
    running: None, photo: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    requests = answering(monkeypatch, httpx2.Response(200, json=REPORT))
    monkeypatch.setenv("PHOTO", f"'{photo}' {SAMPLE}")
    commands.main(["demo"])
    assert requests[0].content.count(b'name="images"') == 2
    assert "Blue mug [with] a chip" in capsys.readouterr().out


@pytest.mark.parametrize("own", [True, False])
def test_own_photos_go_to_the_model_for_photographs(
    running: None, photo: Path, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    answering(monkeypatch, httpx2.Response(200, json=REPORT))
    assert commands.main(["demo", str(photo if own else SAMPLE)]) == 0
    assert os.environ["MODEL"] == (str(PHOTO_MODEL) if own else "")


def test_named_model_gets_own_photos(running: None, photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, httpx2.Response(200, json=REPORT))
    monkeypatch.setenv("MODEL", "owner/name")
    commands.main(["demo", str(photo)])
    assert os.environ["MODEL"] == "owner/name"


def test_photo_option_takes_several_paths(
    running: None, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = answering(monkeypatch, httpx2.Response(200, json=REPORT))
    assert commands.main(["demo", "--photo", str(photo), str(SAMPLE), "--photo", str(SAMPLE)]) == 0
    assert requests[0].content.count(b'name="images"') == 3


def test_unreachable_gateway_is_reported(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, httpx2.ConnectError("refused"))
    with pytest.raises(UserError, match="http://gateway does not answer") as raised:
        post("http://gateway", "token", read_photos([photo]))
    assert "make up" in raised.value.hint


def test_problem_document_becomes_an_error(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"title": "Model unavailable", "detail": "no endpoint", "report": "01KAX5B2M3N4P5Q6R7S8T9V0W1"}
    answering(monkeypatch, httpx2.Response(503, json=document, headers={"Retry-After": "5"}))
    with pytest.raises(UserError, match=r"Model unavailable \(503\): no endpoint") as raised:
        post("http://gateway", "token", read_photos([photo]))
    assert raised.value.hint.startswith("Try again in 5 s. `python -m local status` shows")
    assert raised.value.details == ["report 01KAX5B2M3N4P5Q6R7S8T9V0W1"]


def test_report_shows_answers_and_confidence() -> None:
    text = plain(shown())
    for text_shown in (
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
        assert text_shown in text
    assert "Low confidence" not in text


def test_model_for_photographs_says_what_it_knows() -> None:
    unjudged = {
        "product": {"type": "mug", "material": "unknown", "colour": "blue"},
        "condition": {"status": "not_assessed", "score": None, "grade": None, "wear": []},
        "confidence": {"level": "low", "reasons": ["not_asked"]},
        "model": {**REPORT["model"], "artifact": "demo-photo-a25cbd381272"},
    }
    text = plain(shown(REPORT | unjudged))
    assert text.count("not judged by this model") == 2  # material and condition
    assert "low. The model does not judge material or wear." in text
    assert "do not show enough" not in text
    assert "It judges neither material nor wear, so there is no grade" in text
    assert "knows drawn goods only" not in text


def test_material_and_colour_have_own_confidence() -> None:
    product = {"type": "ring", "material": "gold", "colour": "gold"}
    evidence = [
        {"question": "what is this?", "answer": "ring", "confidence": 0.93},
        {"question": "what is it made of?", "answer": "gold", "confidence": 0.72},
        {"question": "what color is it?", "answer": "gold", "confidence": 0.81},
    ]
    lines = plain(shown({**REPORT, "product": product, "evidence": evidence})).splitlines()
    assert any("Material" in line and "72%" in line for line in lines)
    assert any("Colour" in line and "81%" in line for line in lines)


def test_low_confidence_is_a_warning() -> None:
    unsure = [{"question": "what is this?", "answer": "mug", "confidence": 0.41}]
    text = plain(shown({**REPORT, "evidence": unsure}))
    assert "Low confidence: what is this? mug (41%)" in text


def test_unknown_product_is_a_warning() -> None:
    product = {"type": "unknown", "material": "metal", "suggestion": "sextant"}
    assert "The product was not recognised" in plain(shown({**REPORT, "product": product}))
    assert "the model calls it 'sextant'" in plain(shown({**REPORT, "product": product}))


def test_unsure_kind_is_no_stranger() -> None:
    """The catalogue has it; the model is too unsure of it."""
    changed = {
        "product": {"type": "unknown", "material": "unknown", "suggestion": "tennis ball"},
        "evidence": [{"question": "what?", "answer": "tennis_ball", "confidence": 0.42, "used": False}],
        "model": REPORT["model"] | {"catalogue": catalogue.load(catalogue.PHOTO).version},
    }
    text = plain(shown(REPORT | changed))
    assert "It may be a tennis ball (42%): too unsure to state." in text
    assert "not recognised as a kind" not in text


def test_adjectives_places_and_points_are_shown() -> None:
    place = {"place": "top_left", "severity": "minor", "points": 1}
    mark = {"tag": "chip", "photo": 2, "confidence": 0.91, **place}
    text = plain(
        shown(
            {
                **REPORT,
                "product": {**REPORT["product"], "colour": "blue", "pattern": "striped"},
                "condition": {"score": 9, "grade": "good", "wear": [mark]},
                "model": {**REPORT["model"], "catalogue": "0123456789abcdef", "calibrated": False},
            }
        )
    )
    assert "Colour blue Pattern striped" in text
    assert "minor chip in photo 2, top left, 1 point 91%" in text
    assert "0123456789abcdef; the probabilities are not calibrated" in text


def test_template_text_is_marked() -> None:
    assert "the template" in plain(shown({**REPORT, "narrative": "template"}))


@pytest.mark.parametrize(("total_ms", "verdict"), [(1130.0, "within the goal"), (12_000.0, "over the goal")])
def test_total_is_compared_with_the_goal(total_ms: float, verdict: str) -> None:
    assert f"{total_ms / 1000:.1f} s, {verdict} of 5–10 s" in shown(
        timing=RequestTiming(TIMING.stages_ms, total_ms)
    )


@pytest.mark.parametrize("width", [30, 44, 80, 200])
def test_lines_fit_the_terminal(width: int) -> None:
    assert max(map(len, shown(width=width).splitlines())) <= min(width, 88)
