"""The steps of a deployment: their order, what stops them, and that they can be run again."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console

from catalogue import DRAWN, SECOND_HAND, load
from cli import cdk
from cli.errors import UserError
from cli.findings import Finding, failure, ok
from ops.commands import deploy
from settings.environment import Environment
from tests.ops.archives import pack
from tests.ops.conftest import KEY, make_settings

STACKS = ["vitrine-shop-storage", "vitrine-shop-model", "vitrine-shop-gateway"]
OUTPUTS = {
    "vitrine-shop-gateway": {"ApiUrl": "https://a", "SupabaseUrl": "https://s", "SupabasePublishableKey": "k"}
}


class Course:
    """What a deployment does, in order. The CDK is replaced: it only writes its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps: list[str] = []
        self.findings = [ok("all", "ok")]
        self.failing: str | None = None
        self.absent: list[str] = []  # stacks without a section in the settings
        self.tried = True

    def record(self, *arguments: Any) -> None:
        self.steps.append("record")
        if self.failing == "record":
            raise UserError("may not write")

    def rollout_check(self, *arguments: Any) -> str:
        self.steps.append("rollout check")
        if self.failing == "rollout check":
            raise UserError("SageMaker rolled back")
        return "as deployed"

    def smoke(self, *arguments: Any, **options: Any) -> bool:
        self.steps.append("smoke")
        return self.tried

    def preflight(self, *arguments: Any, **options: Any) -> list[Finding]:
        self.steps.append(f"preflight {options}")
        return self.findings

    def run(self, command: Sequence[str], **options: Any) -> None:
        words = [word for word in command[3:] if not word.startswith(str(self.folder))]
        self.steps.append(" ".join(words))
        if self.failing is not None and self.failing in self.steps[-1]:
            raise UserError("the CDK failed")
        if words[0] == "synth":
            artifacts: dict[str, Any] = {"Tree": {"type": "cdk:tree"}}
            assembly = Path(command[-1])
            assembly.mkdir(parents=True, exist_ok=True)
            for name in [*STACKS, *self.absent]:
                file = f"{name}.template.json"
                artifacts[name] = {"type": "aws:cloudformation:stack", "properties": {"templateFile": file}}
                template: dict[str, Any] = (
                    {"Resources": {"One": {}}} if name in STACKS else {"Parameters": {}}
                )
                (assembly / file).write_text(json.dumps(template))
            (assembly / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
        if "--outputs-file" in command:
            Path(command[command.index("--outputs-file") + 1]).write_text(json.dumps(OUTPUTS))


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    course = Course(tmp_path)
    monkeypatch.setattr(cdk, "run", course.run)
    monkeypatch.setattr(cdk, "TOOLS", tmp_path)
    monkeypatch.setattr(deploy, "preflight", course.preflight)
    monkeypatch.setattr(deploy, "outputs_file", lambda settings: tmp_path / "outputs.json")
    monkeypatch.setattr(deploy, "wait_stable", lambda *given: course.steps.append("wait"))
    monkeypatch.setattr(deploy, "record", course.record)
    monkeypatch.setattr(deploy, "bring_archive", lambda *given: course.steps.append("archive"))
    monkeypatch.setattr(deploy, "rollout_check", course.rollout_check)
    monkeypatch.setattr(deploy, "smoke", course.smoke)
    return course


def go(
    settings: Environment, session: boto3.Session, *, archive: Path | None = None, confirm: bool = False
) -> str:
    out = io.StringIO()
    console = Console(file=out, highlight=False, markup=False, soft_wrap=True)
    deploy.deploy(settings, session, console, named="shop", archive=archive, confirm=confirm)
    return out.getvalue()


def test_storage_and_archive_come_first(
    settings: Environment, session: boto3.Session, course: Course
) -> None:
    out = go(settings, session)
    _, synth, waited, recorded, storage, archive, rest, rollout, smoked = course.steps
    assert synth == "synth --quiet --context env=shop --output"
    assert storage == "deploy --app --require-approval never --exclusively vitrine-shop-storage"
    assert rest.endswith(f"--require-approval never --outputs-file --exclusively {' '.join(STACKS)}")
    assert (waited, recorded, archive) == ("wait", "record", "archive")
    assert (rollout, smoked) == ("rollout check", "smoke")
    assert f"Outputs: {course.folder / 'outputs.json'}" in out


def test_failed_preflight_deploys_nothing(
    settings: Environment, session: boto3.Session, course: Course
) -> None:
    course.findings = [failure("zones", "none", "set some")]
    with pytest.raises(UserError, match="Nothing was deployed"):
        go(settings, session)
    assert len(course.steps) == 1


def test_unrecorded_commit_is_not_deployed(
    settings: Environment, session: boto3.Session, course: Course
) -> None:
    course.failing = "record"
    with pytest.raises(UserError, match="may not write"):
        go(settings, session)
    assert not any(step.startswith("deploy") for step in course.steps)


def test_next_run_continues_after_failure(
    settings: Environment, session: boto3.Session, course: Course
) -> None:
    course.failing = "vitrine-shop-gateway"
    with pytest.raises(UserError, match="the CDK failed"):
        go(settings, session)
    assert "smoke" not in course.steps
    course.failing = None
    go(settings, session)
    assert course.steps[-1] == "smoke"


def test_rolled_back_endpoint_skips_smoke_test(
    settings: Environment, session: boto3.Session, course: Course
) -> None:
    course.failing = "rollout check"
    with pytest.raises(UserError, match="SageMaker rolled back"):
        go(settings, session)
    assert course.steps[-1] == "rollout check"


def test_paused_model_skips_rollout_check(session: boto3.Session, course: Course) -> None:
    go(make_settings(model={"paused": True}), session)
    assert "rollout check" not in course.steps
    assert course.steps[-1] == "smoke"


@pytest.mark.parametrize(
    ("tried", "end"),
    [
        (True, "✓ deployed, and a photo went through the public address\n"),
        (False, "! deployed, but no photo went through the public address\n"),
    ],
)
def test_last_line_says_what_was_proven(
    settings: Environment, session: boto3.Session, course: Course, tried: bool, end: str
) -> None:
    course.tried = tried
    assert go(settings, session).endswith(end)


def test_preflight_knows_the_given_archive(session: boto3.Session, course: Course, tmp_path: Path) -> None:
    archive = tmp_path / "blip2-endpoint.tar.gz"
    pack(archive, load(DRAWN).version)
    go(make_settings(model={"artifact": KEY}), session, archive=archive)
    assert course.steps[0] == "preflight {'archive_given': True}"


def test_archive_of_other_goods_is_refused(session: boto3.Session, course: Course, tmp_path: Path) -> None:
    archive = tmp_path / "blip2-endpoint.tar.gz"
    pack(archive, load(SECOND_HAND).version)
    with pytest.raises(UserError, match=r"holds the catalogue [0-9a-f]{16} \(second_hand\)"):
        go(make_settings(model={"artifact": KEY}), session, archive=archive)
    assert course.steps == []


def test_useless_archive_is_refused_first(
    settings: Environment, session: boto3.Session, course: Course, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="would not be used"):
        go(settings, session, archive=tmp_path)
    with pytest.raises(UserError, match="is not a file"):
        go(make_settings(model={"artifact": KEY}), session, archive=tmp_path)
    assert course.steps == []


def terminal(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))


class Account:
    """A session whose STS knows one account."""

    def client(self, service: str) -> Any:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}


def test_user_confirms_account_and_permissions(
    settings: Environment, course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal(monkeypatch, "y\n")
    go(settings, Account(), confirm=True)  # type: ignore[arg-type]
    assert "Deploy shop into account 123456789012, region ca-central-1?" in capsys.readouterr().out
    assert sum("--require-approval broadening" in step for step in course.steps) == 2


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_refused_confirmation_deploys_nothing(
    settings: Environment, course: Course, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    terminal(monkeypatch, answer)
    with pytest.raises(UserError, match="Nothing was deployed"):
        go(settings, Account(), confirm=True)  # type: ignore[arg-type]
    assert len(course.steps) == 1


def test_without_terminal_yes_is_needed(
    settings: Environment, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(UserError, match="There is no terminal") as raised:
        go(settings, Account(), confirm=True)  # type: ignore[arg-type]
    assert "YES=1" in raised.value.hint
