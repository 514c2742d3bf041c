"""A deployment protects the stacks with data once they exist, and deletes those without a section."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

from cli import cdk
from cli.errors import UserError
from ops.aws import deletion
from ops.commands import deploy
from settings.environment import Environment
from tests.ops.commands.test_deploy import Course, terminal
from tests.ops.commands.test_deploy import course as course
from tests.ops.conftest import make_settings
from tests.ops.studio_account import HOME, StudioAccount

STORAGE, STUDIO = "vitrine-shop-storage", "vitrine-shop-studio"


@pytest.fixture
def account(course: Course, monkeypatch: pytest.MonkeyPatch) -> StudioAccount:
    """The account into which the course's CDK deploys, as the real one does with stacks that are there."""
    account = StudioAccount()
    account.has_stacks()
    monkeypatch.setattr(deletion, "_POLL_S", 0)

    def run(command: Sequence[str], **options: Any) -> None:
        course.run(command, **options)
        for name in account.stacks.keys() & set(command):
            account.stacks[name]["protected"] = False
        for name in course.absent if "--outputs-file" in command else ():
            if name in account.stacks:
                account.client("cloudformation").delete_stack(StackName=name)

    monkeypatch.setattr(cdk, "run", run)
    return account


@pytest.fixture
def settings() -> Environment:
    return make_settings(keep_data=True)


def go(settings: Environment, account: StudioAccount, *, confirm: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, highlight=False, markup=False, soft_wrap=True)
    deploy.deploy(settings, account, console, named="shop", archive=None, confirm=confirm)  # type: ignore[arg-type]
    return out.getvalue()


def protected(account: StudioAccount) -> set[str]:
    return {name for name, stack in account.stacks.items() if stack["protected"]}


def test_stacks_with_data_are_protected(settings: Environment, account: StudioAccount) -> None:
    out = go(settings, account)
    assert protected(account) == {STORAGE, STUDIO}
    assert f"✓ protected from termination: {STORAGE}, {STUDIO}\n" in out


def test_denied_protection_is_said(settings: Environment, account: StudioAccount) -> None:
    account.denied = "UpdateTerminationProtection"
    assert "UpdateTerminationProtection" in go(settings, account)


def test_first_error_is_shown(settings: Environment, account: StudioAccount, course: Course) -> None:
    account.denied = "UpdateTerminationProtection"
    course.failing = "--outputs-file"
    with pytest.raises(UserError, match="the CDK failed"):
        go(settings, account)


def test_failed_deployment_protects_what_exists(
    settings: Environment, account: StudioAccount, course: Course
) -> None:
    course.failing = "--outputs-file"
    with pytest.raises(UserError, match="the CDK failed"):
        go(settings, account)
    assert protected(account) == {STORAGE, STUDIO}


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_failed_creation_stays_unprotected(
    settings: Environment, account: StudioAccount, course: Course, status: str
) -> None:
    course.failing = "vitrine-shop-storage"
    account.stacks[STORAGE] |= {"status": status, "protected": False}
    with pytest.raises(UserError):
        go(settings, account)
    assert protected(account) == {STUDIO}


def test_data_to_lose_is_unprotected(account: StudioAccount) -> None:
    for stack in account.stacks.values():
        stack["protected"] = False
    go(make_settings(keep_data=False), account)
    assert protected(account) == set()


def test_missing_stacks_need_no_protection(settings: Environment, account: StudioAccount) -> None:
    account.stacks.clear()
    go(settings, account)
    assert account.calls == []


def test_absent_studio_is_deleted(settings: Environment, account: StudioAccount, course: Course) -> None:
    course.absent = ["vitrine-shop-hooks", STUDIO]
    account.spaces["drawing"] = "InService"
    out = go(settings, account)
    assert STUDIO not in account.stacks
    assert (account.spaces, account.groups) == ({}, {})
    assert list(account.mount_targets) == ["fsmt-00000003"]
    assert HOME in account.homes
    assert (
        "The settings have no section for these stacks, which are deleted with all they hold:\n"
        f"  {STUDIO}\n"
        "    Studio's space drawing with its disk\n"
        "    AWS::KMS::Key key-1 stays, and costs money until you delete it by hand\n"
    ) in out
    assert f"! AWS::EFS::FileSystem {HOME} (home folders of Studio) stays" in out


def test_refused_deletion_deploys_nothing(
    settings: Environment, account: StudioAccount, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    course.absent = [STUDIO]
    account.spaces["drawing"] = "InService"
    terminal(monkeypatch, "y\nn\n")
    with pytest.raises(UserError, match="Nothing was deployed") as raised:
        go(settings, account, confirm=True)
    assert "sections back" in raised.value.hint
    assert not [step for step in course.steps if step.startswith("deploy")]
    assert account.calls == []
    assert account.spaces


def test_absent_stack_that_is_gone_is_not_named(
    settings: Environment, account: StudioAccount, course: Course
) -> None:
    course.absent = [STUDIO]
    del account.stacks[STUDIO]
    assert "no section" not in go(settings, account)
