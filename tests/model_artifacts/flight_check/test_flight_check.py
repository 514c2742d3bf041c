"""Archives that would not work as an endpoint, each refused under its own name; and one that would."""

from __future__ import annotations

import json
import shutil
import struct
import tarfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from model_artifacts.blip2 import packaging
from model_artifacts.blip2.__main__ import main
from model_artifacts.blip2.demo import MODEL
from model_artifacts.blip2.flight_check import errors, fly
from model_artifacts.blip2.flight_check.environment import environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target: Path = tmp_path_factory.mktemp("archive") / packaging.NAME
    packaging.build(target, MODEL)
    return target


@pytest.fixture
def broken(archive: Path, tmp_path: Path) -> Callable[[Callable[[Path], object]], Path]:
    """The archive after something was done to its unpacked folder."""

    def after(harm: Callable[[Path], object]) -> Path:
        folder, target = tmp_path / "unpacked", tmp_path / "broken.tar.gz"
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        harm(folder)
        with tarfile.open(target, "w:gz", compresslevel=1) as tar:
            tar.add(folder, ".")
        return target

    return after


def handlers(folder: Path, text: str) -> None:
    """Other handlers, and a manifest that agrees."""
    (folder / "code" / "inference.py").write_text(text, "utf-8")
    forget(folder)


def forget(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"files": {}}), "utf-8")


def test_an_archive_that_works_is_served_asked_and_measured(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["flight-check", "--archive", str(archive), "--here"]) == 0

    said = capsys.readouterr().out
    assert "artifact: demo-" in said
    assert "mug" in said
    assert all(f"{figure}: " in said for figure in ("disk", "memory", "start", "answer"))


def nothing_to_start_with(folder: Path) -> None:
    (folder / "code" / "inference.py").unlink()


def in_the_wrong_folder(folder: Path) -> None:
    shutil.move(folder / "code" / "inference.py", folder / "inference.py")


def cut_short(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def cut_in_its_header(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 5000) + b"{")


def not_a_number(folder: Path) -> None:
    file = folder / "model.safetensors"
    tensors = load_file(file)
    tensors["query_tokens"].flat[3] = np.nan
    save_file(tensors, file, metadata={"format": "pt"})


def another_file(folder: Path) -> None:
    (folder / "config.json").write_text("{}", "utf-8")


@pytest.mark.parametrize(
    ("harm", "kind", "named"),
    [
        (nothing_to_start_with, errors.HandlersMissing, "code/inference.py: is missing"),
        (in_the_wrong_folder, errors.HandlersMissing, "it lies at inference.py"),
        (cut_short, errors.WeightsCutShort, "model.safetensors: .* bytes where its header says"),
        (cut_in_its_header, errors.WeightsCutShort, "model.safetensors: its header cannot be read"),
        (not_a_number, errors.WeightNotFinite, "query_tokens holds a value that is not a finite number"),
        (another_file, errors.FileAltered, "config.json: is not the file"),
        (
            lambda folder: (folder / "vocabulary.json").unlink(),
            errors.FileAltered,
            "vocabulary.json: is missing",
        ),
    ],
)
def test_a_fault_is_refused_before_anything_runs(
    broken: Callable[[Callable[[Path], object]], Path],
    harm: Callable[[Path], object],
    kind: type[Exception],
    named: str,
) -> None:
    with pytest.raises(kind, match=named):
        fly(broken(harm), "ml.t2.medium", here=True)


@pytest.mark.parametrize(
    ("text", "kind", "named"),
    [
        ("import nowhere_to_be_found", errors.RequirementMissing, "nowhere_to_be_found"),
        ("import contract.nothing", errors.RequirementMissing, "contract.nothing"),
        ("1 / 0", errors.StartFailed, "the server ended before it answered /ping: .*division by zero"),
        (
            "def model_fn(model_dir): return 1\n"
            "def input_fn(body, content_type): return 1\n"
            "def predict_fn(data, model): return 1\n"
            "def output_fn(answer, accept): return '{\"answers\": []}', accept\n",
            errors.WrongAnswer,
            "/invocations: ",
        ),
        (
            "def model_fn(model_dir): return 1\n"
            "def input_fn(body, content_type): return 1\n"
            "def predict_fn(data, model): return 1 / 0\n"
            "def output_fn(answer, accept): return '', accept\n",
            errors.WrongAnswer,
            "/invocations: answered 500",
        ),
    ],
)
def test_handlers_that_do_not_do_their_part_are_refused(
    broken: Callable[[Callable[[Path], object]], Path], text: str, kind: type[Exception], named: str
) -> None:
    with pytest.raises(kind, match=named) as caught:
        fly(broken(lambda folder: handlers(folder, text)), "ml.t2.medium", here=True)

    assert "Traceback" not in str(caught.value)


def test_a_model_too_large_for_the_instance_is_told_where_it_fits(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_artifacts.blip2.flight_check.checks.needed_gb", lambda weights, instance: 9.0)

    with pytest.raises(
        errors.ModelTooLarge, match=r"ml.t2.medium: has 4 GB and the model needs 9.0; it fits ml.m5.x"
    ):
        fly(archive, "ml.t2.medium", here=True)


def test_a_requirement_that_cannot_be_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_artifacts.blip2.flight_check.environment._KEPT", tmp_path)
    monkeypatch.setenv("UV_OFFLINE", "1")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("vitrine-has-no-such-package==1.0\n", "utf-8")

    with pytest.raises(errors.RequirementMissing, match="vitrine-has-no-such-package"):
        environment(requirements)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.tar.gz"
    file.write_bytes(b"no archive")

    with pytest.raises(errors.ArchiveUnreadable, match="cannot be unpacked"):
        fly(file, "ml.t2.medium", here=True)
