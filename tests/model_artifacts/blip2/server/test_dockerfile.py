"""The model server's Dockerfile as SageMaker and a build read it; `make bench-image` runs it."""

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


def test_sagemakers_serve_argument_is_accepted(
    lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert json.loads(value(lines, "ENTRYPOINT")) == ["python", "-m", "server"]
    monkeypatch.setattr("sys.argv", ["server", "serve", "--help"])
    with pytest.raises(SystemExit, match="0"):
        program.main()
    assert "serve" in capsys.readouterr().out


def test_unprivileged_user_listens_on_8080(lines: list[str]) -> None:
    assert value(lines, "USER") == "10001:10001"
    assert value(lines, "EXPOSE") == "8080"
    assert any("127.0.0.1:8080/ping" in line for line in lines)


def test_torch_version_is_the_tested_one(lines: list[str]) -> None:
    tested = re.search(r"TORCH_VERSION=([0-9.]+)", (ROOT / "local" / "setup.sh").read_text("utf-8"))
    assert tested is not None
    assert f"ARG TORCH_VERSION={tested[1]}" in lines
    assert 'ARG TORCH_BACKEND=""' in lines


def test_build_context_is_what_is_copied(lines: list[str]) -> None:
    copied = {line.split()[1] for line in lines if line.startswith("COPY model_artifacts/")}
    ignored = Path(f"{DOCKERFILE}.dockerignore").read_text("utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert ignored[1] == "*"
    assert {name for name in copied if not name.startswith(f"{SERVER}/requirements")} == let_in
    assert all((ROOT / name).exists() for name in copied)


def test_every_package_is_pinned() -> None:
    locked = (DOCKERFILE.parent / "requirements-locked.txt").read_text("utf-8").splitlines()
    assert all("==" in line for line in locked)
    for folder in ("code", "server"):
        asked = (DOCKERFILE.parents[1] / folder / "requirements.txt").read_text("utf-8").splitlines()
        assert {line for line in asked if not line.startswith("#")} <= set(locked)
