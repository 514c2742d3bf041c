"""An image goes from one environment to another with its digest, and an earlier one runs again."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from cli import cdk
from cli.errors import UserError
from ops.commands import promote
from settings.environment import FOLDER, Environment
from tests.ops.commands.test_image import (
    DIGEST,
    HOST,
    NAME,
    calls,
    checkout,
    commit,
    fresh,
    pushed,
    put,
    repository,
    tools,
)
from tests.ops.conftest import Stubbed, make_settings

__all__ = ["checkout", "commit", "tools"]
OTHER = f"sha256:{'c' * 64}"


class Account:
    """A session whose clients a test has stubbed."""

    def __init__(self, stubbed: Stubbed) -> None:
        self._stubbed, self._clients = stubbed, dict[str, Any]()

    def stub(self, service: str) -> Stubber:
        self._clients[service], stub = self._stubbed(service)
        return stub

    def client(self, service: str) -> Any:
        return self._clients[service]


@pytest.fixture
def account(stubbed: Stubbed) -> Account:
    return Account(stubbed)


def test_saved_image_keeps_its_digest(
    settings: Environment, stubbed: Stubbed, tools: Path, tmp_path: Path
) -> None:
    put(tools, "skopeo")
    ecr, stub = stubbed("ecr")
    repository(stub)
    stub.add_response(
        "get_authorization_token",
        {"authorizationData": [{"authorizationToken": "QVdTOnRoZS1wYXNzd29yZA=="}]},
        {},
    )
    promote.save(settings, ecr, DIGEST, tmp_path / "image", tmp_path)
    login, copy = calls(tools)
    assert login == f"skopeo login --username AWS --password-stdin {HOST}"
    assert copy == f"skopeo copy --preserve-digests docker://{HOST}/{NAME}@{DIGEST} dir:{tmp_path}/image"
    assert (tools / "password").read_text() == "the-password"


def test_promoted_image_has_the_commits_tag(
    settings: Environment, stubbed: Stubbed, tools: Path, checkout: Path, commit: str
) -> None:
    put(tools, "skopeo")
    ecr, stub = stubbed("ecr")
    fresh(stub)
    pushed(stub, commit)
    (checkout / "file").write_text("the digest of dev, written by `image`")
    promote.promote(settings, ecr, DIGEST, Path("/image"), lambda _: None, checkout)
    assert calls(tools)[1] == f"skopeo copy --preserve-digests dir:/image docker://{HOST}/{NAME}:{commit}"
    assert not any("the-password" in call for call in calls(tools))


def test_another_image_under_the_tag_is_refused(
    settings: Environment, stubbed: Stubbed, checkout: Path, commit: str
) -> None:
    ecr, stub = stubbed("ecr")
    repository(stub)
    pushed(stub, commit)
    pushed(stub, commit)
    with pytest.raises(UserError, match=f"has the digest {DIGEST}, not {OTHER}"):
        promote.promote(settings, ecr, OTHER, Path("/image"), lambda _: None, checkout)


def test_digest_goes_into_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "prod.toml"
    file.write_bytes((FOLDER / "prod.toml").read_bytes())
    promote.write_digest(str(file), DIGEST, lambda _: None)
    promote.write_digest(str(file), OTHER, lambda _: None)
    assert tomllib.loads(file.read_text("utf-8"))["image_digest"] == OTHER


def service(account: Account, image: str) -> None:
    arn = "arn:aws:ecs:ca-central-1:123456789012:service/cluster/service"
    summary = {"LogicalResourceId": "Service", "PhysicalResourceId": arn, "ResourceType": "AWS::ECS::Service"}
    summary |= {"ResourceStatus": "UPDATE_COMPLETE", "LastUpdatedTimestamp": "2026-11-27T00:00:00Z"}
    account.stub("cloudformation").add_response(
        "list_stack_resources", {"StackResourceSummaries": [summary]}, {"StackName": "vitrine-shop-analyze"}
    )
    ecs = account.stub("ecs")
    expected = {"cluster": "cluster", "services": [arn]}
    ecs.add_response("describe_services", {"services": [{"taskDefinition": "task:7"}]}, expected)
    task = {"taskDefinition": {"containerDefinitions": [{"image": image}]}}
    ecs.add_response("describe_task_definition", task, {"taskDefinition": "task:7"})


@pytest.mark.parametrize(
    ("image", "digest"),
    [
        (f"{HOST}/{NAME}@{DIGEST}", DIGEST),
        (f"{HOST}/cdk-hnb659fds-container-assets-123456789012-ca-central-1:abc", None),
    ],
)
def test_running_digest_is_that_of_our_image(
    settings: Environment, account: Account, image: str, digest: str | None
) -> None:
    service(account, image)
    assert promote.running_digest(settings, account) == digest  # type: ignore[arg-type]


def test_undeployed_service_has_no_digest(settings: Environment, account: Account) -> None:
    account.stub("cloudformation").add_client_error("list_stack_resources", "ValidationError")
    assert promote.running_digest(settings, account) is None  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """dev's settings in a file of their own, and no CDK."""
    file = tmp_path / "dev.toml"
    file.write_bytes((FOLDER / "dev.toml").read_bytes())
    monkeypatch.setattr(cdk, "TOOLS", tmp_path)
    monkeypatch.setattr(cdk, "CDK", file)
    monkeypatch.setattr(promote, "wait_stable", lambda *_: None)
    return file


def dev() -> Environment:
    return make_settings().model_copy(update={"name": "dev"})


def test_rollback_deploys_only_the_service(
    account: Account, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, str, str]] = []

    def run(command: Sequence[str], **_: Any) -> None:
        named = tomllib.loads(file.read_text("utf-8"))["image_digest"]
        ran.append((command[3], command[-1], named))

    monkeypatch.setattr(cdk, "run", run)
    params = {"repositoryName": "vitrine-dev-analyze", "imageIds": [{"imageDigest": DIGEST}]}
    account.stub("ecr").add_response("describe_images", {"imageDetails": [{"imageDigest": DIGEST}]}, params)
    account.stub("cloudformation")
    promote.rollback(dev(), account, named=str(file), digest=DIGEST, report=lambda _: None)  # type: ignore[arg-type]
    assembly = str(file.parent / "assembly-dev")
    assert ran == [("synth", assembly, DIGEST), ("deploy", "vitrine-dev-analyze", DIGEST)]


def test_deleted_image_is_named(account: Account, file: Path) -> None:
    before = file.read_bytes()
    account.stub("ecr").add_client_error("describe_images", "ImageNotFoundException")
    with pytest.raises(UserError, match=f"vitrine-dev-analyze has no image {DIGEST}"):
        promote.rollback(dev(), account, named=str(file), digest=DIGEST, report=lambda _: None)  # type: ignore[arg-type]
    assert file.read_bytes() == before


def test_failed_rollback_restores_the_settings(
    account: Account, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise UserError("no synthesis")

    monkeypatch.setattr(cdk, "run", fail)
    before = file.read_bytes()
    account.stub("ecr").add_response("describe_images", {"imageDetails": [{"imageDigest": DIGEST}]})
    with pytest.raises(UserError, match="no synthesis"):
        promote.rollback(dev(), account, named=str(file), digest=DIGEST, report=lambda _: None)  # type: ignore[arg-type]
    assert file.read_bytes() == before
