"""What the model server's Dockerfile says to SageMaker and to a build; `make bench-image` runs it."""

import json
import re
from pathlib import Path

import pytest

from model_artifacts.blip2.server import __main__ as program

ROOT = Path(__file__).parents[4]
SERVER = "model_artifacts/blip2/server"
DOCKERFILE = ROOT / SERVER / "Dockerfile"


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return DOCKERFILE.read_text("utf-8").splitlines()


def value(lines: list[str], word: str) -> str:
    (found,) = (line.removeprefix(f"{word} ") for line in lines if line.startswith(f"{word} "))
    return found


def test_the_word_that_sagemaker_starts_it_with_is_understood(
    lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert json.loads(value(lines, "ENTRYPOINT")) == ["python", "-m", "server"]
    monkeypatch.setattr("sys.argv", ["server", "serve", "--help"])
    with pytest.raises(SystemExit, match="0"):
        program.main()
    assert "serve" in capsys.readouterr().out


def test_it_runs_as_nobody_and_listens_where_sagemaker_asks(lines: list[str]) -> None:
    assert value(lines, "USER") == "10001:10001"
    assert value(lines, "EXPOSE") == "8080"
    assert any("127.0.0.1:8080/ping" in line for line in lines)


def test_torch_is_the_one_that_is_tested_and_the_owner_says_for_which_device(lines: list[str]) -> None:
    tested = re.search(r"TORCH_VERSION=([0-9.]+)", (ROOT / "local" / "setup.sh").read_text("utf-8"))
    assert tested is not None
    assert f"ARG TORCH_VERSION={tested[1]}" in lines
    assert 'ARG TORCH_BACKEND=""' in lines


def test_what_is_copied_is_let_into_the_build_and_nothing_else(lines: list[str]) -> None:
    copied = {line.split()[1] for line in lines if line.startswith("COPY model_artifacts/")}
    ignored = Path(f"{DOCKERFILE}.dockerignore").read_text("utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert ignored[1] == "*"
    assert {name for name in copied if not name.startswith(f"{SERVER}/requirements")} == let_in
    assert all((ROOT / name).exists() for name in copied)


def test_every_package_of_the_image_is_pinned_as_its_requirements_say() -> None:
    locked = (DOCKERFILE.parent / "requirements-locked.txt").read_text("utf-8").splitlines()
    assert all("==" in line for line in locked)
    for folder in ("code", "server"):
        asked = (DOCKERFILE.parents[1] / folder / "requirements.txt").read_text("utf-8").splitlines()
        assert {line for line in asked if not line.startswith("#")} <= set(locked)
