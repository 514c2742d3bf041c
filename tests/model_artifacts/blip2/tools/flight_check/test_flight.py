"""The whole flight: a good archive is measured, and handlers that fail are named."""

from __future__ import annotations

import re
import tarfile
from typing import TYPE_CHECKING

import pytest

from model_artifacts.blip2.tools import packaging
from model_artifacts.blip2.tools.flight_check import check, environment, flight, refusals
from model_artifacts.blip2.tools.served import ImportFailedError, NotAnsweringError
from model_artifacts.blip2.tools.unpacked import HandlerMissingError, UnpackError
from model_artifacts.blip2_demo import MODEL
from services.core.domain.observation import Observation

if TYPE_CHECKING:
    from pathlib import Path

HANDLERS = """
import json
def model_fn(folder): return None
def input_fn(body, content_type): return json.loads(body)
def predict_fn(request, model): {predict}
def output_fn(answer, accept): return json.dumps(answer)
"""


def archive_of(tmp_path: Path, handlers: str, name: str = "code/inference.py") -> Path:
    """A packaged demo with other handlers, in the place where they are or in the wrong one."""
    model, archive = tmp_path / "whole.tar.gz", tmp_path / "a.tar.gz"
    packaging.build(model, MODEL)
    (tmp_path / "inference.py").write_text(handlers)
    with tarfile.open(model) as whole, tarfile.open(archive, "w:gz") as tar:
        for member in whole:
            if member.name != "code/inference.py":
                tar.addfile(member, whole.extractfile(member))
        tar.add(tmp_path / "inference.py", name)
    return archive


def fly(archive: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Checked by a server alone: these handlers are not those that the manifest states."""
    monkeypatch.setattr("model_artifacts.blip2.tools.flight_check.static._content", lambda folder: None)
    return check(archive, "ml.t2.medium", here=True)


def test_a_good_archive_flies(tmp_path: Path) -> None:
    packaging.build(tmp_path / "a.tar.gz", MODEL)
    needed, measured, answer = check(tmp_path / "a.tar.gz", "ml.t2.medium", here=True)
    assert needed.startswith("ml.t2.medium: about 0.6 GiB needed, disk ")
    shown = re.fullmatch(
        r"our own server: ready after [\d.]+ s, first answer [\d.]+ s, peak memory (\d+) MB", measured
    )
    assert shown
    assert int(shown[1]) > 100
    assert answer.startswith("demo-")
    assert "mug" in answer


def test_handlers_in_the_wrong_folder_are_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, "", "inference.py")
    with pytest.raises(
        HandlerMissingError, match=r"holds no code/inference\.py, only inference\.py: the wrong"
    ):
        check(archive, "ml.t2.medium", here=True)


def test_a_member_that_would_leave_its_folder_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, "", "../inference.py")
    with pytest.raises(UnpackError, match=r"a\.tar\.gz: cannot be unpacked"):
        check(archive, "ml.t2.medium", here=True)


def test_an_import_that_fails_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = archive_of(tmp_path, "from torch import no_such_name\n")
    with pytest.raises(ImportFailedError, match="no_such_name"):
        fly(archive, monkeypatch)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("{'answers': []}", "caption: Field required"),
        ("{'answers': [], 'caption': '', 'artifact': ''}", "type: 0 answers where 1 are due"),
        (
            "{'answers': [{'id': 'type', 'scores': [{'mug': float('nan')}]}], 'caption': '', 'artifact': ''}",
            r"answers\.0\.scores\.0\.mug: ",
        ),
        (
            "{'answers': [{'id': 'type', 'scores': [{'mug': 1.0}]}], 'caption': '', 'artifact': ''}",
            "type: other candidates than were asked about",
        ),
    ],
)
def test_an_answer_of_the_wrong_shape_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, said: str
) -> None:
    archive = archive_of(tmp_path, HANDLERS.format(predict=f"return {answer}"))
    with pytest.raises(refusals.WrongShapeError, match=said):
        fly(archive, monkeypatch)


@pytest.mark.parametrize("fault", ["raise ValueError('no luck')", "import os; os._exit(3)"])
def test_handlers_that_fail_on_the_photo_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    archive = archive_of(tmp_path, HANDLERS.format(predict=fault))
    said = "fail on the request: ValueError: no luck" if "no luck" in fault else "give no answer"
    with pytest.raises(NotAnsweringError, match=f"its handlers {said}"):
        fly(archive, monkeypatch)


def test_a_requirement_that_cannot_be_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_KEPT", tmp_path)
    monkeypatch.setenv("UV_OFFLINE", "1")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("vitrine-has-no-such-package==1.0\n", "utf-8")

    with pytest.raises(refusals.RequirementAbsentError, match="vitrine-has-no-such-package"):
        environment.environment(requirements)


def observation(caption: str = "a mug", mug: float = 0.9) -> Observation:
    return Observation({"mug": mug}, {"glass": 0.5}, ({"chip": 0.1},), caption, "demo-0")


def test_two_servers_answers_are_compared_number_by_number() -> None:
    assert flight.largest_difference(observation(), observation()) == 0
    assert flight.largest_difference(observation(), observation(mug=0.85)) == pytest.approx(0.05)
    with pytest.raises(refusals.OtherAnswerError, match="TorchServe answers demo-0: 'a vase'"):
        flight.largest_difference(observation(), observation(caption="a vase"))
