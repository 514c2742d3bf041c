"""A deployment that would undo a later commit, or the release of a model, is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.errors import UserError
from ops.commands.forward import forward
from settings.environment import Environment
from tests.ops.checkout import Checkout
from tests.ops.conftest import KEY, make_settings

OTHER = KEY.replace("9", "8")


@dataclass
class Account:
    """An account behind boto3's clients: what the parameter says, and the archive of the model."""

    make_client: Callable[[str], Any]
    patch: pytest.MonkeyPatch
    deployed: str | None = None
    served: str = "asset.tar.gz"
    refusal: str = "ParameterNotFound"

    def client(self, service: str) -> Any:
        client = self.make_client(service)
        self.patch.setattr(client, "_make_api_call", partial(self._answer, client))
        return client

    def _answer(self, client: Any, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        match operation, params:
            case "GetParameter", {"Name": "/vitrine/shop/deployed-commit"}:
                if self.deployed is None:
                    error = client.exceptions.from_code(self.refusal)
                    raise error({"Error": {"Code": self.refusal}}, operation)
                return {"Parameter": {"Value": self.deployed}}
            case "ListStackResources", {"StackName": "vitrine-shop-model"}:
                return self._holds("AWS::SageMaker::Model", "model-1")
            case "DescribeModel", {"ModelName": "model-1"}:
                return {"PrimaryContainer": {"ModelDataUrl": f"s3://bucket/{self.served}"}}
        raise AssertionError(operation)

    @staticmethod
    def _holds(kind: str, identifier: str) -> dict[str, Any]:
        one = {"ResourceType": kind, "PhysicalResourceId": identifier, "ResourceStatus": "UPDATE_COMPLETE"}
        return {"StackResourceSummaries": [one]}


@pytest.fixture
def account(client: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Account:
    return Account(client, monkeypatch)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def ask(checkout: Checkout, account: Any, settings: Environment, *, any_model: bool = False) -> list[str]:
    lines: list[str] = []
    options: dict[str, Any] = {"any_model": any_model, "report": lines.append, "root": checkout.folder}
    forward(settings, account, named=str(checkout.file), **options)
    return lines


@pytest.mark.parametrize("deployed", [None, "first", "head"])
def test_newer_commit_goes_on(
    checkout: Checkout, account: Account, settings: Environment, deployed: str | None
) -> None:
    commits = {"first": checkout.first, "head": checkout.commit("# two\n")}
    account.deployed = commits.get(deployed or "")
    assert ask(checkout, account, settings) == ["✓ nothing that this commit lacks is in shop"]


def test_older_commit_is_refused(checkout: Checkout, account: Account, settings: Environment) -> None:
    # Whatever image runs: after a rollback it is an earlier one.
    account.deployed = checkout.commit("# two\n")
    checkout.git("checkout", "--quiet", checkout.first)
    with pytest.raises(UserError, match=f"from {account.deployed}, a later commit than {checkout.first}"):
        ask(checkout, account, settings)


@pytest.mark.parametrize("deployed", ["f" * 40, f"{'f' * 40} with uncommitted changes"])
def test_unknown_commit_is_refused(
    checkout: Checkout, account: Account, settings: Environment, deployed: str
) -> None:
    account.deployed = deployed
    with pytest.raises(UserError, match=f"deployed from {deployed}, which this clone lacks") as raised:
        ask(checkout, account, settings)
    assert "Push that commit" in raised.value.hint
    assert "make deploy ENV=shop" in raised.value.hint


def test_deployment_outside_git_is_refused(
    checkout: Checkout, account: Account, settings: Environment
) -> None:
    account.deployed = "a folder outside git"
    with pytest.raises(UserError, match="from a folder outside git: no commit says") as raised:
        ask(checkout, account, settings)
    assert raised.value.hint.startswith("Run `make deploy ENV=shop` at a desk, in a git checkout")


def test_folder_outside_git_is_refused(
    checkout: Checkout, account: Account, settings: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(checkout.folder.parent))
    (checkout.folder / ".git").rename(checkout.folder / "moved")
    with pytest.raises(UserError, match="no checkout of git") as raised:
        ask(checkout, account, settings)
    assert "Run this in a git checkout" in raised.value.hint


def test_other_branch_is_refused(checkout: Checkout, account: Account, settings: Environment) -> None:
    account.deployed = checkout.commit("# two\n")
    checkout.git("checkout", "--quiet", checkout.first)
    checkout.commit("# three\n")
    with pytest.raises(UserError, match=f"{account.deployed}, which is not in the history of"):
        ask(checkout, account, settings)


def test_later_model_stack_is_refused(checkout: Checkout, account: Account, settings: Environment) -> None:
    released = checkout.commit("# two\n")
    account.deployed = f"{checkout.first}; model stack: {released}"
    checkout.git("checkout", "--quiet", checkout.first)
    with pytest.raises(UserError, match=f"The model stack of shop was deployed from {released}, a later"):
        ask(checkout, account, settings)
    # A rollback changes the service alone.
    ask(checkout, account, settings, any_model=True)
    checkout.git("checkout", "--quiet", released)
    ask(checkout, account, settings)


def test_uncommitted_changes_are_named(checkout: Checkout, account: Account, settings: Environment) -> None:
    account.deployed = f"{checkout.first} with uncommitted changes"
    warned, _ = ask(checkout, account, settings)
    assert warned == f"! shop was deployed from {account.deployed}, which a deployment takes back"


def test_unreadable_commit_is_refused(checkout: Checkout, account: Account, settings: Environment) -> None:
    account.refusal = "AccessDeniedException"
    with pytest.raises(UserError, match="may not read the parameter /vitrine/shop/deployed-commit"):
        ask(checkout, account, settings)


def test_unmerged_release_is_kept(checkout: Checkout, account: Account, settings: Environment) -> None:
    account.served = KEY
    with pytest.raises(UserError, match="which no commit up to this one names") as raised:
        ask(checkout, account, settings)
    assert "Merge the pull request" in raised.value.hint
    ask(checkout, account, settings, any_model=True)
    checkout.commit(f'artifact = "{KEY}"\n')
    ask(checkout, account, make_settings(model={"artifact": KEY}))


def test_settings_may_name_another_model_later(checkout: Checkout, account: Account) -> None:
    account.served = KEY
    checkout.commit(f'artifact = "{KEY}"\n')
    checkout.commit(f'artifact = "{OTHER}"\n')
    ask(checkout, account, make_settings(model={"artifact": OTHER}))


def test_shallow_checkout_is_refused(
    checkout: Checkout, account: Account, settings: Environment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    checkout.commit("# two\n")
    clone = Checkout(tmp_path_factory.mktemp("clone"))
    clone.git("fetch", "--quiet", "--depth", "1", f"file://{checkout.folder}")
    with pytest.raises(UserError, match="lacks its history"):
        ask(clone, account, settings)
