"""Files are UTF-8 in every locale, and commands work at an ASCII terminal."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.home import REPOSITORY, Home
from local.supervisor import configuration

CODE = [
    *(REPOSITORY / name for name in ("app.py", "services/authorizer")),
    *(REPOSITORY / name for name in ("cli", "local", "settings", "stacks", "model_artifacts")),
]
# By method: the number of positional arguments with which the encoding is given.
WITH_ENCODING = {"read_text": 1, "write_text": 2}
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def files() -> Iterator[Path]:
    for place in CODE:
        yield from [place] if place.is_file() else sorted(place.rglob("*.py"))


def depends_on_locale(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    given = {keyword.arg for keyword in call.keywords}
    if "encoding" in given:
        return False
    if name == "open":
        return any(isinstance(mode, ast.Constant) and mode.value in ("r", "w", "a") for mode in call.args[:1])
    return len(call.args) < WITH_ENCODING.get(name, 0) or (name == "run" and "text" in given)


@pytest.mark.parametrize("file", list(files()), ids=lambda file: file.relative_to(REPOSITORY).as_posix())
def test_text_files_name_their_encoding(file: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(file.read_bytes())) if isinstance(node, ast.Call)]
    assert [call.lineno for call in calls if depends_on_locale(call)] == []


@pytest.mark.parametrize("command", ["doctor", "status", "down", "--help"])
def test_commands_work_at_ascii_terminals(command: str, tmp_path: Path) -> None:
    environment = {**os.environ, **ASCII, "VITRINE_HOME": str(tmp_path), "UV_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "local", command],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert (done.stdout + done.stderr).isascii()


def test_settings_are_read_as_utf8(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from local.home import Home; "
    code += "from local.supervisor.configuration import render_environment as render; "
    code += (
        "render(Home(Path(sys.argv[1])), {'service': 1, 'identity': 2, 'llm': 3, 'page': 4, 'posthog': 5})"
    )
    subprocess.run(
        [sys.executable, "-c", code, tmp_path], cwd=REPOSITORY, env={**os.environ, **ASCII}, check=True
    )
    assert "…" in Home(tmp_path).environment.read_text("utf-8")
    assert "…" in configuration.SOURCE.read_text("utf-8")


def test_processes_use_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONUTF8", "0")
    assert configuration.base_env()["PYTHONUTF8"] == "1"
