"""An environment goes: what is told before, who is asked, and that what is kept is named."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from rich.console import Console

from cli import cdk
from cli.errors import UserError
from ops.commands import destroy
from settings.environment import Environment
from tests.ops.commands.test_deploy import terminal
from tests.ops.conftest import Stubbed

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BUCKET = "vitrine-shop-storage-images1a2b"


class Account:
    """An account that holds some stacks of the environment, and the CDK's command line beside it."""

    def __init__(self, cloudformation: Any, stub: Stubber) -> None:
        self._cloudformation, self.stub = cloudformation, stub
        self.ran: list[list[str]] = []

    def client(self, service: str) -> Any:
        return self if service == "sts" else self._cloudformation

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}

    def run(self, command: list[str], **_: Any) -> None:
        self.ran.append(command[3:])

    def holds(self, *stacks: str, kept: bool = False, protected: bool = False) -> None:
        names = [f"vitrine-shop-{stack}" for stack in destroy.STACKS]
        for name in names:  # whether it is at rest
            self._describe(name, name.rpartition("-")[2] in stacks, protected)
        for name in names:
            there = name.rpartition("-")[2] in stacks
            self._describe(name, there, protected)
            if there:
                self._content(name, kept)

    def _describe(self, name: str, there: bool, protected: bool) -> None:
        if not there:
            self.stub.add_client_error("describe_stacks", "ValidationError", "does not exist")
            return
        stack = {
            "StackName": name,
            "CreationTime": NOW,
            "StackStatus": "UPDATE_COMPLETE",
            "EnableTerminationProtection": protected,
        }
        self.stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": name})

    def _content(self, name: str, kept: bool) -> None:
        policy = "Retain" if kept else "Delete"
        template = {"Resources": {"Images": {"DeletionPolicy": policy}, "Log": {"DeletionPolicy": "Delete"}}}
        body: Any = json.dumps(template)
        self.stub.add_response("get_template", {"TemplateBody": body}, {"StackName": name})
        summaries = [
            {
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": physical_id,
                "ResourceType": kind,
                "LastUpdatedTimestamp": NOW,
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for logical_id, physical_id, kind in (
                ("Images", BUCKET, "AWS::S3::Bucket"),
                ("Log", "/vitrine/log", "AWS::Logs::LogGroup"),
            )
        ]
        answer = {"StackResourceSummaries": summaries}
        self.stub.add_response("list_stack_resources", answer, {"StackName": name})


@pytest.fixture
def account(stubbed: Stubbed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Account:
    account = Account(*stubbed("cloudformation"))
    (tmp_path / "outputs.json").write_text("{}")
    monkeypatch.setattr(cdk, "run", account.run)
    monkeypatch.setattr(destroy, "outputs_file", lambda settings: tmp_path / "outputs.json")
    return account


def go(settings: Environment, account: Account, *, asking: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, highlight=False, markup=False, soft_wrap=True)
    destroy.destroy(settings, account, console, named="shop", asking=asking)  # type: ignore[arg-type]
    return out.getvalue()


def test_all_stacks_go_by_the_cdk_and_so_do_their_outputs(
    settings: Environment, account: Account, tmp_path: Path
) -> None:
    account.holds("gateway", "analyze", "model", "storage")
    said = go(settings, account)
    (command,) = account.ran
    assert command[:5] == ["destroy", "--all", "--force", "--context", "env=shop"]
    assert "From account 123456789012, region ca-central-1" in said
    assert "  vitrine-shop-gateway\n  vitrine-shop-analyze\n  vitrine-shop-model\n" in said
    assert "photos, models and reports are lost" in said
    assert said.endswith("✓ shop is destroyed\n")
    assert not (tmp_path / "outputs.json").exists()


def test_what_is_kept_is_named_before_and_after(settings: Environment, account: Account) -> None:
    account.holds("storage", kept=True)
    said = go(settings, account)
    assert said.count(f"  AWS::S3::Bucket {BUCKET}\n") == 2
    assert "are lost" not in said
    assert "/vitrine/log" not in said


def test_protection_is_taken_off_once_the_name_is_typed(
    settings: Environment, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.holds("storage", protected=True)
    asked = {"StackName": "vitrine-shop-storage", "EnableTerminationProtection": False}
    account.stub.add_response("update_termination_protection", {}, asked)
    terminal(monkeypatch, "shop\n")
    said = go(settings, account, asking=True)
    assert "vitrine-shop-storage (protected from termination)" in said
    assert "termination protection of vitrine-shop-storage is off" in said
    assert len(account.ran) == 1


@pytest.mark.parametrize("answer", ["y\n", "dev\n", "\n"])
def test_another_answer_than_the_name_changes_nothing(
    settings: Environment, account: Account, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    account.holds("storage", protected=True)
    terminal(monkeypatch, answer)
    with pytest.raises(UserError, match="Nothing was destroyed"):
        go(settings, account, asking=True)
    assert account.ran == []


def test_where_nobody_can_be_asked_yes_must_be_said(
    settings: Environment, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.holds("storage", protected=True)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(UserError, match="Nobody is at the terminal"):
        go(settings, account, asking=True)
    assert account.ran == []


def test_where_nothing_is_deployed_nothing_is_done(settings: Environment, account: Account) -> None:
    account.holds()
    assert go(settings, account) == "✓ no stack of shop is in ca-central-1 of this account\n"
    assert account.ran == []
