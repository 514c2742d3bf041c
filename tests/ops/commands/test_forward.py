"""A deployment that would undo a later commit, or the release of a model, is refused."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cli.errors import UserError
from ops.commands.forward import forward
from settings.environment import Environment
from tests.ops.commands.test_image import DIGEST, HOST, NAME
from tests.ops.conftest import KEY, make_settings

OTHER = KEY.replace("9", "8")


@dataclass
class Account:
    """An account behind boto3's clients: the tags of the running image, and the archive of the model."""

    make_client: Callable[[str], Any]
    patch: pytest.MonkeyPatch
    tags: tuple[str, ...] = ()
    served: str = "asset.tar.gz"

    def client(self, service: str) -> Any:
        client = self.make_client(service)
        self.patch.setattr(client, "_make_api_call", partial(self._answer, client))
        return client

    def _answer(self, client: Any, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        match operation, params:
            case "ListStackResources", {"StackName": "vitrine-shop-analyze"}:
                return self._holds("AWS::ECS::Service", "arn:aws:ecs:r:1:service/cluster/service")
            case "ListStackResources", {"StackName": "vitrine-shop-model"}:
                return self._holds("AWS::SageMaker::Model", "model-1")
            case "DescribeServices", _:
                return {"services": [{"taskDefinition": "task:7"}]}
            case "DescribeTaskDefinition", _:
                image = f"{HOST}/{NAME}@{DIGEST}"
                return {"taskDefinition": {"containerDefinitions": [{"image": image}]}}
            case "DescribeImages", {"imageIds": [{"imageDigest": digest}]} if digest == DIGEST:
                return {"imageDetails": [{"imageTags": list(self.tags)}]}
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


class Checkout:
    """A repository with a settings file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "shop.toml"
        self.git("init", "--quiet")
        self.first = self.commit('artifact = "demo"\n')

    def git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
        command = ["git", *identity, *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, text: str) -> str:
        self.file.write_text(text)
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "one")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def ask(checkout: Checkout, account: Any, settings: Environment, *, any_model: bool = False) -> None:
    options: dict[str, Any] = {"any_model": any_model, "report": lambda _: None, "root": checkout.folder}
    forward(settings, account, named=str(checkout.file), **options)


@pytest.mark.parametrize("runs", ["latest", "first", "head", "f" * 40])
def test_newer_commit_goes_on(checkout: Checkout, account: Account, settings: Environment, runs: str) -> None:
    commits = {"first": checkout.first, "head": checkout.commit("# two\n")}
    account.tags = (commits.get(runs, runs),)
    ask(checkout, account, settings)


def test_older_commit_is_refused(checkout: Checkout, account: Account, settings: Environment) -> None:
    account.tags = (checkout.commit("# two\n"),)
    checkout.git("checkout", "--quiet", checkout.first)
    with pytest.raises(UserError, match=f"shop runs {account.tags[0]}, a later commit than {checkout.first}"):
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
