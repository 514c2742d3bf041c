"""The whole flight-check: a good archive is measured, and handlers that fail are named."""

from __future__ import annotations

import io
import re
import tarfile
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from model_artifacts.blip2.tools.archive import UnpackedArchive
from model_artifacts.blip2.tools.errors import ArchiveError, Fault
from model_artifacts.blip2.tools.flight_check import command
from model_artifacts.blip2.tools.flight_check.command import environment, flight_check
from services.core.domain.observation import Observation

if TYPE_CHECKING:
    from collections.abc import Iterator

HANDLERS = """
import json
def model_fn(folder): return None
def input_fn(body, content_type): return json.loads(body)
def predict_fn(request, model): {predict}
def output_fn(answer, accept): return json.dumps(answer)
"""


def archive_of(tmp_path: Path, handlers: str, name: str = "code/inference.py") -> Path:
    """An archive of nothing but these handlers."""
    (tmp_path / "inference.py").write_text(handlers)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "inference.py", name)
    return tmp_path / "a.tar.gz"


@pytest.fixture
def uninspected(monkeypatch: pytest.MonkeyPatch) -> None:
    """These archives have no weights and no manifest: the server alone refuses them."""
    monkeypatch.setattr(command, "inspect", lambda folder, instance_type: 0.5)


@pytest.mark.system
def test_good_archive_is_measured(demo_archive: Path) -> None:
    needed, measured, answer = flight_check(demo_archive, "ml.t2.medium", here=True)
    assert needed.startswith("ml.t2.medium: about 0.6 GiB needed, disk ")
    shown = re.fullmatch(
        r"our own server: ready after [\d.]+ s, first answer [\d.]+ s, peak memory (\d+) MB", measured
    )
    assert shown
    assert int(shown[1]) > 100
    assert answer.startswith("demo-")
    assert "mug" in answer


def test_handlers_in_wrong_folder_are_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, "", "inference.py")
    with pytest.raises(
        ArchiveError, match=r"holds no code/inference\.py, only inference\.py: the"
    ) as refused:
        flight_check(archive, "ml.t2.medium", here=True)
    assert refused.value.fault is Fault.HANDLER_MISSING


def test_member_outside_folder_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, "", "../inference.py")
    with pytest.raises(ArchiveError, match=r"a\.tar\.gz: cannot be unpacked") as refused:
        flight_check(archive, "ml.t2.medium", here=True)
    assert refused.value.fault is Fault.NOT_UNPACKED


@pytest.mark.usefixtures("uninspected")
def test_failing_import_is_named(tmp_path: Path) -> None:
    archive = archive_of(tmp_path, "from math import no_such_name\n")
    with pytest.raises(ArchiveError, match="no_such_name") as refused:
        flight_check(archive, "ml.t2.medium", here=True)
    assert refused.value.fault is Fault.IMPORT_FAILED


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ('{"answers": []}', "caption: Field required"),
        ('{"answers": [], "caption": "", "artifact": ""}', "type: 0 answers instead of 1"),
        (
            '{"answers": [{"id": "type", "scores": [{"mug": NaN}]}], "caption": "", "artifact": ""}',
            r"answers\.0\.scores\.0\.…: ",
        ),
        (
            '{"answers": [{"id": "type", "scores": [{"mug": 1.0}]}], "caption": "", "artifact": ""}',
            "type: its candidates are not those of the question",
        ),
    ],
)
def test_wrong_answer_shape_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, message: str
) -> None:
    @contextmanager
    def serving(*_: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(invoke_endpoint=lambda **_: {"Body": io.BytesIO(answer.encode())})

    monkeypatch.setattr(command, "serving", serving)
    with pytest.raises(ArchiveError, match=f"a.tar.gz: .*{message}") as refused:
        command.fly(UnpackedArchive(Path("a.tar.gz"), tmp_path), Path("python"))
    assert refused.value.fault is Fault.WRONG_SHAPE


@pytest.mark.usefixtures("uninspected")
@pytest.mark.parametrize(
    ("predict", "fault", "message"),
    [
        ("return {'answers': []}", Fault.WRONG_SHAPE, "caption: Field required"),
        (
            "raise ValueError('no luck')",
            Fault.NOT_ANSWERING,
            "its handlers fail on the request: ValueError: no luck",
        ),
        ("import os; os._exit(3)", Fault.NOT_ANSWERING, "its handlers give no answer"),
    ],
)
def test_failing_handlers_are_named(tmp_path: Path, predict: str, fault: Fault, message: str) -> None:
    archive = archive_of(tmp_path, HANDLERS.format(predict=predict))
    with pytest.raises(ArchiveError, match=message) as refused:
        flight_check(archive, "ml.t2.medium", here=True)
    assert refused.value.fault is fault


def test_failed_requirement_install_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ENVIRONMENTS", tmp_path)
    monkeypatch.setenv("UV_OFFLINE", "1")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("vitrine-has-no-such-package==1.0\n", "utf-8")

    with pytest.raises(ArchiveError, match="vitrine-has-no-such-package") as refused:
        environment(requirements)
    assert refused.value.fault is Fault.REQUIREMENT_ABSENT


def observation(caption: str = "a mug", mug: float = 0.9) -> Observation:
    return Observation({"mug": mug}, {"glass": 0.5}, ({"chip": 0.1},), caption, "demo-0")


def test_two_answers_are_compared() -> None:
    assert command.largest_difference(observation(), observation()) == 0
    assert command.largest_difference(observation(), observation(mug=0.85)) == pytest.approx(0.05)
    with pytest.raises(ArchiveError, match="TorchServe answers demo-0: 'a vase'") as refused:
        command.largest_difference(observation(), observation(caption="a vase"))
    assert refused.value.fault is Fault.OTHER_ANSWER
