"""The whole flight-check: a good archive is measured, and handlers that fail are named."""

from __future__ import annotations

import io
import json
import re
import tarfile
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

import catalogue
from model_artifacts.blip2.tools.archive import UnpackedArchive
from model_artifacts.blip2.tools.errors import ArchiveError, Fault
from model_artifacts.blip2.tools.flight_check import command
from model_artifacts.blip2.tools.flight_check.command import environment, flight_check
from model_artifacts.blip2_demo import MODEL
from services.core.domain.observation import KindSeen, Observation

if TYPE_CHECKING:
    from collections.abc import Iterator

GOODS = catalogue.load(catalogue.DRAWN)
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
        tar.add(MODEL / "catalogue.json", "catalogue.json")
    return tmp_path / "a.tar.gz"


@pytest.fixture
def uninspected(monkeypatch: pytest.MonkeyPatch) -> None:
    """These archives have no weights and no manifest: the server alone refuses them."""
    monkeypatch.setattr(command, "inspect", lambda folder, instance_type: 0.5)


@pytest.mark.system
def test_good_archive_is_measured(demo_archive: Path) -> None:
    needed, measured, answer, *warnings = flight_check(demo_archive, "ml.t2.medium", here=True)
    assert needed.startswith("ml.t2.medium: about 0.6 GiB needed, disk ")
    shown = re.fullmatch(
        r"our own server: ready after [\d.]+ s, first answer [\d.]+ s, peak memory (\d+) MB", measured
    )
    assert shown
    assert int(shown[1]) > 100
    assert answer.startswith("demo-")
    assert "mug" in answer
    assert warnings == []


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
    ("change", "message"),
    [
        ({"caption": 7}, "caption: "),
        ({"department": "shoes"}, "department: none of those selected"),
        ({"catalogue": "0123456789abcdef"}, "0123456789abcdef"),
    ],
)
def test_wrong_answer_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], message: str
) -> None:
    answer = json.dumps(asdict(observation()) | change).encode()

    @contextmanager
    def serving(*_: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(invoke_endpoint=lambda **_: {"Body": io.BytesIO(answer)})

    monkeypatch.setattr(command, "serving", serving)
    with pytest.raises(ArchiveError, match=f"a.tar.gz: .*{message}") as refused:
        command.fly(UnpackedArchive(Path("a.tar.gz"), tmp_path), Path("python"), GOODS)
    assert refused.value.fault is Fault.WRONG_SHAPE


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (None, r"a\.tar\.gz: holds no catalogue\.json; build it by `package`"),
        (
            "0123456789abcdef",
            r"CatalogueMismatch: .*a\.tar\.gz: is of the catalogue 0123456789abcdef, and here is drawn",
        ),
    ],
)
def test_other_catalogue_is_refused(tmp_path: Path, version: str | None, message: str) -> None:
    (tmp_path / "inference.py").write_text("")
    (tmp_path / "catalogue.json").write_text(json.dumps({"version": version}))
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "inference.py", "code/inference.py")
        if version:
            tar.add(tmp_path / "catalogue.json", "catalogue.json")
    with pytest.raises(ArchiveError, match=message) as refused:
        flight_check(tmp_path / "a.tar.gz", "ml.t2.medium", here=True)
    assert refused.value.fault is Fault.CATALOGUE_MISMATCH


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({}, "WARNING: not calibrated for its catalogue"),
        ({"calibration": {"catalogue": "0123456789abcdef"}}, "its calibration is of 0123456789abcdef"),
    ],
)
@pytest.mark.usefixtures("uninspected")
def test_uncalibrated_archive_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stated: dict[str, object], message: str
) -> None:
    archive = archive_of(tmp_path, "")
    (tmp_path / "manifest.json").write_text(json.dumps(stated))
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "inference.py", "code/inference.py")
        tar.add(tmp_path / "manifest.json", "manifest.json")
        tar.add(MODEL / "catalogue.json", "catalogue.json")
    flown = command.Flight(replace(observation(), calibrated=False), 1.0, 0.1, 1000)
    monkeypatch.setattr(command, "fly", lambda *_: flown)
    assert message in flight_check(archive, "ml.t2.medium", here=True)[-1]


@pytest.mark.usefixtures("uninspected")
@pytest.mark.parametrize(
    ("predict", "fault", "message"),
    [
        ("return {'kinds': []}", Fault.WRONG_SHAPE, "rest: Field required"),
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
    (drawn,) = GOODS.departments.values()
    return Observation(
        kinds=(KindSeen("mug", "mug", mug),),
        rest=(0.0, 0.0),
        said=None,
        department="drawn",
        material={one.id: 0.1 for one in drawn.materials},
        colour={},
        pattern={},
        wear=({one.id: (0.1,) for one in drawn.wear},),
        caption=caption,
        artifact="demo-0",
        catalogue=GOODS.version,
        calibrated=True,
        thresholds={"type": 0.5, "material": 0.5},
    )


def test_two_answers_are_compared() -> None:
    assert command.largest_difference(observation(), observation()) == 0
    assert command.largest_difference(observation(), observation(mug=0.85)) == pytest.approx(0.05)
    worn = replace(observation(), wear=({**observation().wear[0], "chip": (0.4,)},))
    assert command.largest_difference(observation(), worn) == pytest.approx(0.3)
    with pytest.raises(ArchiveError, match="TorchServe answers demo-0: 'a vase'") as refused:
        command.largest_difference(observation(), observation(caption="a vase"))
    assert refused.value.fault is Fault.OTHER_ANSWER
