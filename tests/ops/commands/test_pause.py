"""An endpoint goes and comes back: what the settings say, what is deployed, what a failure leaves."""

import io
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console

from cli import cdk
from cli.errors import UserError
from cli.toml_file import with_artifact, with_paused
from ops.commands import pause
from settings.environment import FOLDER

STACK = "vitrine-dev-model"


class Deployments:
    """Takes the CDK's place: notes what it was told, and what the settings said then."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.steps: list[tuple[str, bool]] = []
        self.failing: BaseException | None = None

    def run(self, command: Sequence[str], **_: Any) -> None:
        words = command[3:]
        said = tomllib.loads(self.file.read_text("utf-8"))["model"]["paused"]
        self.steps.append((f"{words[0]} {words[-1]}" if words[0] == "deploy" else words[0], said))
        if words[0] == "synth":
            assembly = Path(words[-1])
            assembly.mkdir(parents=True, exist_ok=True)
            (assembly / "manifest.json").write_text(json.dumps({"artifacts": {}}))
        elif self.failing is not None:
            raise self.failing


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """dev's settings, in a file of their own."""
    file = tmp_path / "dev.toml"
    file.write_bytes((FOLDER / "dev.toml").read_bytes())
    return file


@pytest.fixture
def deployments(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployments:
    deployments = Deployments(file)
    monkeypatch.setattr(cdk, "run", deployments.run)
    monkeypatch.setattr(cdk, "TOOLS", tmp_path)
    monkeypatch.setattr(cdk, "CDK", file)
    monkeypatch.setattr(pause, "wait_until_stable", lambda *_: deployments.steps.append(("wait", True)))
    return deployments


def go(session: boto3.Session, file: Path, *, paused: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, soft_wrap=True)
    pause.pause(session, console, named=str(file), paused=paused)
    return out.getvalue()


def test_pausing_deploys_the_models_stack_alone_by_settings_that_say_so(
    session: boto3.Session, file: Path, deployments: Deployments
) -> None:
    before = file.read_text("utf-8")
    said = go(session, file, paused=True)
    assert deployments.steps == [("synth", True), ("wait", True), (f"deploy {STACK}", True)]
    assert file.read_text("utf-8") == before.replace("paused = false ", "paused = true ")
    assert "there is no endpoint" in said
    assert "commit it" in said


def test_resuming_brings_back_the_settings_to_the_byte(
    session: boto3.Session, file: Path, deployments: Deployments
) -> None:
    before = file.read_bytes()
    go(session, file, paused=True)
    assert "the endpoint is back" in go(session, file, paused=False)
    assert deployments.steps[-1] == (f"deploy {STACK}", False)
    assert file.read_bytes() == before


def test_what_the_settings_say_already_is_deployed_again_and_need_not_be_committed(
    session: boto3.Session, file: Path, deployments: Deployments
) -> None:
    assert "commit" not in go(session, file, paused=False)
    assert deployments.steps[-1] == (f"deploy {STACK}", False)


@pytest.mark.parametrize("failure", [UserError("the CDK failed"), KeyboardInterrupt()])
def test_a_deployment_that_fails_leaves_the_settings_as_they_were(
    session: boto3.Session, file: Path, deployments: Deployments, failure: BaseException
) -> None:
    before = file.read_bytes()
    deployments.failing = failure
    with pytest.raises(type(failure)):
        go(session, file, paused=True)
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["dev", "prod"])
@pytest.mark.parametrize("paused", [True, False])
def test_in_the_committed_settings_nothing_changes_but_the_one_value(name: str, paused: bool) -> None:
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    changed = with_paused(text, paused)
    assert changed.replace(f"paused = {str(paused).lower()} ", "paused = false ") == text
    key = f"models/{'a' * 64}/blip2-endpoint.tar.gz"
    both = tomllib.loads(with_artifact(changed, key))["model"]
    assert (both["paused"], both["artifact"]) == (paused, key)


@pytest.mark.parametrize(
    "text", ["", "paused = false\n", "[model]\nmode = 'async'\n", "[studio]\npaused = false\n"]
)
def test_settings_without_the_line_are_refused_rather_than_guessed_at(text: str) -> None:
    with pytest.raises(UserError, match=r"no line `paused`") as refused:
        with_paused(text, True)
    assert refused.value.hint == "Add the line paused = false below [model]."
