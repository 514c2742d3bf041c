"""The commands over a real connection, as they reach the PostHog of the local system."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from local.fakes.posthog.state import Project
from ops.__main__ import main
from ops.posthog import client
from settings.environment import FOLDER
from tests.listening import listening

NEW_HTTP = client.new_http


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with listening(app) as address:
        yield address


def test_local_environment_is_served(
    address: str,
    project: Project,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("ops.posthog.client.new_http", NEW_HTTP)
    # A proxy in the shell must not stand between a command and this machine.
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    file = tmp_path / "local.toml"
    text = (FOLDER / "local.toml").read_text("utf-8")
    file.write_text(text.replace("http://127.0.0.1:8084", address), "utf-8")
    assert main(["posthog", "apply", "--env", str(file)]) == 0
    assert len(project.alerts) == 3
    assert main(["posthog", "plan", "--env", str(file)]) == 0
    assert capsys.readouterr().out.endswith("Nothing changes.\n")
    file.write_text(text.replace("http://127.0.0.1:8084", "http://127.0.0.1:9"), "utf-8")
    assert main(["posthog", "plan", "--env", str(file)]) == 1
    assert "cannot be reached: ConnectError" in capsys.readouterr().err
