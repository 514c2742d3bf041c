"""The deployment's steps: their order, what stops them, and that they can be run again."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console

from cli import cdk
from cli.errors import UserError
from cli.findings import Finding, failure, well
from ops.commands import deploy
from settings.environment import Environment
from tests.ops.conftest import KEY, make_settings

STACKS = ["vitrine-shop-storage", "vitrine-shop-model", "vitrine-shop-gateway"]
OUTPUTS = {
    "vitrine-shop-gateway": {"ApiUrl": "https://a", "SupabaseUrl": "https://s", "SupabasePublishableKey": "k"}
}


class Course:
    """What a deployment does, in order; the CDK's command line is a stand-in that writes what it would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps: list[str] = []
        self.findings = [well("all", "well")]
        self.failing: str | None = None
        self.tried = True

    def endpoint_took_over(self, *arguments: Any) -> str:
        self.steps.append("took over")
        if self.failing == "took over":
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
            artifacts: dict[str, Any] = {name: {"type": "aws:cloudformation:stack"} for name in STACKS}
            artifacts["Tree"] = {"type": "cdk:tree"}
            assembly = Path(command[-1])
            assembly.mkdir(parents=True, exist_ok=True)
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
    monkeypatch.setattr(deploy, "wait_until_stable", lambda *given: course.steps.append("wait"))
    monkeypatch.setattr(deploy, "bring_archive", lambda *given: course.steps.append("archive"))
    monkeypatch.setattr(deploy, "endpoint_took_over", course.endpoint_took_over)
    monkeypatch.setattr(deploy, "smoke", course.smoke)
    return course


def go(
    settings: Environment, session: boto3.Session, *, archive: Path | None = None, asking: bool = False
) -> str:
    out = io.StringIO()
    console = Console(file=out, highlight=False, markup=False, soft_wrap=True)
    deploy.deploy(settings, session, console, named="shop", archive=archive, asking=asking)
    return out.getvalue()


def test_storage_and_archive_come_before_what_needs_them(
    settings: Environment, session: boto3.Session, course: Course
) -> None:
    said = go(settings, session)
    _, synth, waited, storage, archive, rest, took_over, smoked = course.steps
    assert synth == "synth --quiet --context env=shop --output"
    assert storage == "deploy --app --exclusively --require-approval never vitrine-shop-storage"
    assert rest.endswith(f"--require-approval never --outputs-file {' '.join(STACKS)}")
    assert (waited, archive, took_over, smoked) == ("wait", "archive", "took over", "smoke")
    assert f"Outputs: {course.folder / 'outputs.json'}" in said


def test_nothing_is_deployed_where_the_preflight_fails(
    settings: Environment, session: boto3.Session, course: Course
) -> None:
    course.findings = [failure("zones", "none", "set some")]
    with pytest.raises(UserError, match="Nothing was deployed"):
        go(settings, session)
    assert len(course.steps) == 1


def test_a_step_that_fails_ends_it_and_the_next_run_does_all_that_is_left(
    settings: Environment, session: boto3.Session, course: Course
) -> None:
    course.failing = "vitrine-shop-gateway"
    with pytest.raises(UserError, match="the CDK failed"):
        go(settings, session)
    assert "smoke" not in course.steps
    course.failing = None
    go(settings, session)
    assert course.steps[-1] == "smoke"


def test_an_endpoint_that_went_back_ends_it_before_the_smoke_test(
    settings: Environment, session: boto3.Session, course: Course
) -> None:
    course.failing = "took over"
    with pytest.raises(UserError, match="SageMaker rolled back"):
        go(settings, session)
    assert course.steps[-1] == "took over"


def test_a_paused_model_has_no_endpoint_that_could_take_over(session: boto3.Session, course: Course) -> None:
    go(make_settings(model={"paused": True}), session)
    assert "took over" not in course.steps
    assert course.steps[-1] == "smoke"


@pytest.mark.parametrize(
    ("tried", "end"),
    [
        (True, "✓ deployed, and a photo went through the public address\n"),
        (False, "! deployed, but no photo went through the public address\n"),
    ],
)
def test_the_last_line_says_whether_a_photo_went_through(
    settings: Environment, session: boto3.Session, course: Course, tried: bool, end: str
) -> None:
    course.tried = tried
    assert go(settings, session).endswith(end)


def test_an_archive_at_hand_is_told_to_the_preflight(
    session: boto3.Session, course: Course, tmp_path: Path
) -> None:
    archive = tmp_path / "blip2-endpoint.tar.gz"
    archive.write_bytes(b"test")
    go(make_settings(model={"artifact": KEY}), session, archive=archive)
    assert course.steps[0] == "preflight {'archive_at_hand': True}"


def test_an_archive_for_the_demo_model_or_of_no_file_is_refused_first(
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


def test_a_person_agrees_on_the_account_and_the_cdk_asks_for_permissions(
    settings: Environment,
    course: Course,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal(monkeypatch, "y\n")
    go(settings, Account(), asking=True)  # type: ignore[arg-type]
    assert "Deploy shop into account 123456789012, region ca-central-1?" in capsys.readouterr().out
    assert sum("--require-approval broadening" in step for step in course.steps) == 2


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_a_person_who_does_not_agree_deploys_nothing(
    settings: Environment, course: Course, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    terminal(monkeypatch, answer)
    with pytest.raises(UserError, match="Nothing was deployed"):
        go(settings, Account(), asking=True)  # type: ignore[arg-type]
    assert len(course.steps) == 1


def test_where_nobody_can_be_asked_yes_must_be_said(
    settings: Environment, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(UserError, match="Nobody is at the terminal") as raised:
        go(settings, Account(), asking=True)  # type: ignore[arg-type]
    assert "YES=1" in raised.value.hint
