"""An environment is destroyed: what is said before, who confirms, what is deleted and what stays."""

import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import WaiterError
from rich.console import Console

from cli.errors import UserError
from ops.commands import destroy
from settings.environment import Environment
from tests.ops.commands.test_deploy import terminal
from tests.ops.conftest import make_settings

BUCKET = "vitrine-shop-storage-images1a2b"
ALL = ("storage", "results", "model", "analyze", "studio", "gateway", "hooks")


class Account:
    """An account with stacks by name; CloudFormation deletes a stack while it is waited for."""

    def __init__(self) -> None:
        self.stacks: dict[str, dict[str, Any]] = {}
        self.kept: set[str] = set()
        self.calls: list[tuple[str, str]] = []
        self.failing: str | None = None

    def holds(self, *names: str, protected: bool = False, kept: bool = False) -> None:
        for name in names:
            self.stacks[name] = {
                "StackName": name,
                "StackStatus": "CREATE_COMPLETE",
                "EnableTerminationProtection": protected,
            }
            self.kept |= {name} if kept else set()

    def client(self, service: str) -> "Account":
        assert service in ("cloudformation", "s3", "ssm", "sts")
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": "123456789012"}

    def get_paginator(self, operation: str) -> Any:
        pages: Any = {"describe_stacks": self._stacks, "list_stack_resources": self._resources}
        pages["list_objects_v2"] = lambda Bucket: iter(())  # noqa: N803
        return SimpleNamespace(paginate=pages[operation])

    def _stacks(self) -> Iterator[dict[str, Any]]:
        for stack in self.stacks.values():  # a page for each
            yield {"Stacks": [stack]}

    def _resources(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        resources = (("Images", BUCKET, "AWS::S3::Bucket"), ("Log", "/log", "AWS::Logs::LogGroup"))
        summaries = [
            {
                "LogicalResourceId": name,
                "PhysicalResourceId": physical_id,
                "ResourceType": kind,
                "ResourceStatus": "CREATE_COMPLETE",
            }
            for name, physical_id, kind in resources
        ]
        yield {"StackResourceSummaries": summaries}

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append(("status", StackName))
        return {"Stacks": [self.stacks[StackName]]}

    def get_template(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        policy = "Retain" if StackName in self.kept else "Delete"
        resources = {"Images": {"DeletionPolicy": policy}, "Log": {"DeletionPolicy": "Delete"}}
        return {"TemplateBody": {"Resources": resources}}

    def update_termination_protection(self, StackName: str, **_: bool) -> None:  # noqa: N803
        self.calls.append(("unprotect", StackName))

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        self.calls.append(("delete", StackName))

    def delete_parameter(self, Name: str) -> None:  # noqa: N803
        self.calls.append(("forget", Name))

    def get_waiter(self, name: str) -> "Account":
        assert name == "stack_delete_complete"
        return self

    def wait(self, StackName: str, **_: Any) -> None:  # noqa: N803
        self.calls.append(("wait", StackName))
        if StackName == self.failing:
            stack = {"StackStatus": "DELETE_FAILED", "StackStatusReason": "the bucket is not empty"}
            response: Any = {"Stacks": [stack]}
            raise WaiterError("StackDeleteComplete", "failed", response)
        del self.stacks[StackName]

    def called(self, *kinds: str) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] in kinds]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Account:
    (tmp_path / "outputs.json").write_text("{}")
    monkeypatch.setattr(destroy, "outputs_file", lambda settings: tmp_path / "outputs.json")
    return Account()


def go(settings: Environment, account: Account, *, confirm: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, highlight=False, markup=False, soft_wrap=True)
    destroy.destroy(settings, account, console, confirm=confirm)  # type: ignore[arg-type]
    return out.getvalue()


def test_all_seven_stacks_are_deleted(account: Account, tmp_path: Path) -> None:
    account.holds(*(f"vitrine-dev-{stack}" for stack in ALL))
    out = go(make_settings(name="dev"), account)
    assert (
        "From account 123456789012, region ca-central-1, these stacks are deleted with all they hold:\n"
        "  vitrine-dev-hooks\n"
        "  vitrine-dev-gateway\n"
        "  vitrine-dev-studio\n"
        "  vitrine-dev-analyze\n"
        "  vitrine-dev-model\n"
        "  vitrine-dev-results\n"
        "  vitrine-dev-storage\n"
    ) in out
    assert account.called("delete", "wait") == [
        ("delete", "vitrine-dev-hooks"),
        ("wait", "vitrine-dev-hooks"),
        ("delete", "vitrine-dev-gateway"),
        ("wait", "vitrine-dev-gateway"),
        ("delete", "vitrine-dev-studio"),
        ("wait", "vitrine-dev-studio"),
        ("delete", "vitrine-dev-analyze"),
        ("wait", "vitrine-dev-analyze"),
        ("delete", "vitrine-dev-model"),
        ("wait", "vitrine-dev-model"),
        ("delete", "vitrine-dev-results"),
        ("wait", "vitrine-dev-results"),
        ("delete", "vitrine-dev-storage"),
        ("wait", "vitrine-dev-storage"),
    ]
    assert len(account.called("status")) == 7
    # Last: what is left of an interrupted deletion may still be taken back.
    assert account.calls[-1] == ("forget", "/vitrine/dev/deployed-commit")
    assert "photos, models and reports are lost" in out
    assert out.endswith("✓ dev is destroyed\n")
    assert not (tmp_path / "outputs.json").exists()


def test_other_environments_stacks_stay(settings: Environment, account: Account) -> None:
    account.holds("vitrine-shop-former", "vitrine-shop-storage", "vitrine-shop-2-model", "vitrine-dev-model")
    go(settings, account)
    assert account.called("delete") == [("delete", "vitrine-shop-former"), ("delete", "vitrine-shop-storage")]


def test_kept_resources_are_named_twice(settings: Environment, account: Account) -> None:
    account.holds("vitrine-shop-storage", kept=True)
    out = go(settings, account)
    assert out.count(f"  AWS::S3::Bucket {BUCKET}\n") == 2
    assert "are lost" not in out
    assert "/log" not in out


def test_failed_deletion_stops_and_continues(settings: Environment, account: Account) -> None:
    account.holds("vitrine-shop-storage", "vitrine-shop-model", "vitrine-shop-gateway")
    account.failing = "vitrine-shop-model"
    with pytest.raises(UserError, match="vitrine-shop-model is not deleted: the bucket is not empty"):
        go(settings, account)
    assert set(account.stacks) == {"vitrine-shop-model", "vitrine-shop-storage"}
    account.failing = None
    go(settings, account)
    assert account.stacks == {}


def test_typed_name_removes_protection(
    settings: Environment, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.holds("vitrine-shop-storage", protected=True)
    terminal(monkeypatch, "shop\n")
    out = go(settings, account, confirm=True)
    assert "vitrine-shop-storage (protected from termination)" in out
    assert account.called("unprotect", "delete") == [
        ("unprotect", "vitrine-shop-storage"),
        ("delete", "vitrine-shop-storage"),
    ]


@pytest.mark.parametrize("answer", ["y\n", "dev\n", "\n"])
def test_other_answer_changes_nothing(
    settings: Environment, account: Account, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    account.holds("vitrine-shop-storage", protected=True)
    terminal(monkeypatch, answer)
    with pytest.raises(UserError, match="Nothing was destroyed"):
        go(settings, account, confirm=True)
    assert account.called("unprotect", "delete") == []


def test_without_terminal_yes_is_needed(
    settings: Environment, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.holds("vitrine-shop-storage", protected=True)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(UserError, match="There is no terminal"):
        go(settings, account, confirm=True)
    assert account.called("unprotect", "delete") == []


def test_empty_account_needs_nothing(settings: Environment, account: Account) -> None:
    assert go(settings, account) == "✓ no stack of shop is in ca-central-1 of this account\n"
    # The last deletion may have been interrupted.
    assert account.calls == [("forget", "/vitrine/shop/deployed-commit")]
