"""The whole flight: a good archive is measured, and handlers that fail are named."""

import sys
from pathlib import Path

import pytest

from model_artifacts.blip2 import packaging
from model_artifacts.blip2.flight_check import command, flight, refusals
from model_artifacts.blip2.flight_check.environment import environment

MODEL = Path(packaging.__file__).parent / "demo" / "model"


def test_a_good_archive_flies(tmp_path: Path) -> None:
    packaging.build(tmp_path / "a.tar.gz", MODEL)
    said = "\n".join(command.check(tmp_path / "a.tar.gz", "ml.t2.medium", here=True))
    assert "first answer" in said
    assert "mug" in said


def test_an_import_that_fails_is_named(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_text("import no_such_module\n")
    with pytest.raises(refusals.ImportFailedError, match="no_such_module"):
        flight.fly(tmp_path, Path(sys.executable))


def test_an_answer_of_the_wrong_shape_is_refused() -> None:
    asked = [{"id": "type", "kind": "choice", "candidates": ["mug", "vase"]}]
    answer = {"caption": "", "artifact": "a", "answers": [{"id": "type", "scores": [{"mug": 0.9}]}]}
    with pytest.raises(refusals.WrongShapeError):
        flight.contract(answer, asked, 1)


def test_a_requirement_that_cannot_be_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_artifacts.blip2.flight_check.environment._KEPT", tmp_path)
    monkeypatch.setenv("UV_OFFLINE", "1")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("vitrine-has-no-such-package==1.0\n", "utf-8")

    with pytest.raises(refusals.RequirementAbsentError, match="vitrine-has-no-such-package"):
        environment(requirements)
