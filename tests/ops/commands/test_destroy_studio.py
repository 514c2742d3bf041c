"""An environment with SageMaker Studio is destroyed: what Studio made beside its stack goes with it."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from cli.errors import UserError
from ops.aws import deletion
from ops.commands import destroy
from settings.environment import Environment
from tests.ops.studio_account import HOME, INBOUND, OUTBOUND, StudioAccount


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> StudioAccount:
    monkeypatch.setattr(destroy, "outputs_file", lambda settings: tmp_path / "outputs.json")
    monkeypatch.setattr(destroy, "_WAIT", {"Delay": 0, "MaxAttempts": 3})
    monkeypatch.setattr(deletion, "_POLL_S", 0)
    return StudioAccount()


def go(settings: Environment, account: StudioAccount) -> str:
    out = io.StringIO()
    console = Console(file=out, highlight=False, markup=False, soft_wrap=True)
    destroy.destroy(settings, account, console, confirm=False)  # type: ignore[arg-type]
    return out.getvalue()


def order(account: StudioAccount, *calls: str) -> list[int]:
    """Return the positions of the first calls that begin so."""
    return [next(n for n, call in enumerate(account.calls) if call.startswith(one)) for one in calls]


def test_vpc_is_cleared_and_homes_stay(settings: Environment, account: StudioAccount) -> None:
    account.has_stacks()
    out = go(settings, account)
    assert account.stacks == {}
    assert account.groups == {}
    assert list(account.mount_targets) == ["fsmt-00000003"]
    assert set(account.homes) == {HOME, "fs-00000002"}
    assert "Studio's home folders stay; disks of spaces are lost." in out
    assert out.endswith(
        "✓ shop is destroyed\n"
        "These stay (keep_data), and cost money until you delete them by hand:\n"
        "  AWS::KMS::Key key-1\n"
        "  AWS::S3::Bucket vitrine-shop-images\n"
        f"  AWS::EFS::FileSystem {HOME} (home folders of Studio)\n"
    )


def test_progress_names_each_deletion(settings: Environment, account: StudioAccount) -> None:
    account.has_stacks()
    out = go(settings, account)
    for deleted in ("mount target fsmt-00000001", "mount target fsmt-00000002", INBOUND, OUTBOUND):
        assert out.count(deleted) == 1
    positions = order(
        account,
        *("DeleteStack vitrine-shop-studio", "DeleteMountTarget", "RevokeSecurityGroup"),
        *("DeleteSecurityGroup", "DeleteStack vitrine-shop-analyze"),
    )
    assert positions == sorted(positions)


def test_homes_go_without_keep_data(settings: Environment, account: StudioAccount) -> None:
    account.has_stacks(policy="Delete")
    out = go(settings, account)
    assert account.stacks == {}
    assert set(account.homes) == {"fs-00000002"}
    assert "Studio's home folders are deleted" in out
    assert "cost money" not in out


def test_older_template_keeps_its_data(settings: Environment, account: StudioAccount) -> None:
    account.has_stacks(policy="Retain")
    go(settings, account)
    assert HOME in account.homes


def test_apps_spaces_and_users_go_first(settings: Environment, account: StudioAccount) -> None:
    account.has_stacks()
    lab = {"AppType": "JupyterLab", "AppName": "default", "Status": "InService"}
    account.apps["default"] = lab | {"SpaceName": "drawing"}
    account.apps["shared"] = lab | {"AppName": "shared", "UserProfileName": "other", "AppType": "Canvas"}
    account.spaces["drawing"] = "InService"
    account.users["other"] = "InService"
    out = go(settings, account)
    assert account.stacks == {}
    assert "    Studio's app drawing/JupyterLab/default\n" in out
    assert "    Studio's space drawing with its disk\n" in out
    assert "    Studio's user other\n" in out
    assert "DeleteUserProfile d-studio modeller" not in account.calls
    positions = order(account, "DeleteApp", "DeleteSpace", "DeleteUserProfile", "DeleteStack")
    assert positions == sorted(positions)


def test_failed_deletion_of_space_is_named(settings: Environment, account: StudioAccount) -> None:
    account.has_stacks()
    account.spaces["drawing"] = "broken"
    with pytest.raises(UserError, match="space drawing with its disk: its status is Delete_Failed"):
        go(settings, account)
    assert "vitrine-shop-studio" in account.stacks


ALWAYS = (
    *("DeleteSpace", "DeleteMountTarget", "RevokeSecurityGroupIngress", "RevokeSecurityGroupEgress"),
    *("DeleteSecurityGroup", "DeleteStack", "DeleteLogGroup"),
)


@pytest.mark.parametrize(
    ("policy", "operation"),
    [
        *(("RetainExceptOnCreate", one) for one in (*ALWAYS, "UpdateTerminationProtection")),
        *(("Delete", one) for one in (*ALWAYS, "DeleteFileSystem")),
    ],
)
def test_interrupted_destruction_continues(
    settings: Environment, account: StudioAccount, operation: str, policy: str
) -> None:
    account.has_stacks(policy=policy)
    account.spaces["drawing"] = "InService"
    account.interrupt_at = operation
    with pytest.raises(KeyboardInterrupt):
        go(settings, account)
    account.interrupt_at = ""
    go(settings, account)
    assert (account.stacks, account.groups, account.spaces) == ({}, {}, {})
    assert list(account.mount_targets) == ["fsmt-00000003"]
    assert (HOME in account.homes) is (policy != "Delete")


def test_endless_deletion_ends_with_a_hint(
    settings: Environment, account: StudioAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.has_stacks()
    account.interfaces["sg-in"] = 1_000
    monkeypatch.setattr(deletion, "_WAIT_S", 0)
    account.mount_targets.clear()
    with pytest.raises(UserError, match=f"the security group {INBOUND}") as raised:
        go(settings, account)
    assert "it continues" in raised.value.hint
    assert set(account.stacks) >= {"vitrine-shop-analyze", "vitrine-shop-storage"}


def test_living_domain_keeps_its_groups(settings: Environment, account: StudioAccount) -> None:
    account.has_stacks()
    del account.stacks["vitrine-shop-studio"]
    with pytest.raises(UserError, match="vitrine-shop-analyze is not deleted"):
        go(settings, account)
    assert set(account.groups) == {"sg-in", "sg-out"}
    assert HOME in account.homes


def test_late_endpoint_logs_are_deleted(settings: Environment, account: StudioAccount) -> None:
    account.has_stacks()
    go(settings, account)
    assert account.logs == set()
    account.has_stacks()
    account.domains.clear()
    go(settings, account)  # without logs too


def test_expiring_objects_block_nothing(settings: Environment, account: StudioAccount) -> None:
    account.has_stacks()
    out = go(settings, account)
    assert account.objects == set()
    assert "… deleting 1000 objects of vitrine-shop-exchange\n" in out
    assert "… deleting 200 objects of vitrine-shop-exchange\n" in out


def test_stack_under_review_has_no_template(settings: Environment, account: StudioAccount) -> None:
    account.holds("vitrine-shop-studio")
    account.stacks["vitrine-shop-studio"]["status"] = "REVIEW_IN_PROGRESS"
    account.without_template = {"vitrine-shop-studio"}
    go(settings, account)
    assert account.stacks == {}


def test_environment_without_studio_asks_nothing(settings: Environment, account: StudioAccount) -> None:
    account.has_stacks()
    del account.stacks["vitrine-shop-studio"]
    for made_by_studio in (account.domains, account.groups, account.rules, account.mount_targets):
        made_by_studio.clear()
    go(settings, account)
    assert not [call for call in account.calls if "MountTarget" in call or "FileSystem" in call]
