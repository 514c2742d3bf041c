"""Which image the service runs, and an earlier one in its place: nothing but the image changes."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from cli.cdk import ROOT
from cli.errors import UserError
from ops.commands import rollback as command
from ops.commands.promote import running_digest
from ops.commands.rollback import rollback
from settings.environment import FOLDER, Environment
from tests.ops.checkout import Checkout
from tests.ops.conftest import Stubbed, make_settings

HOST, NAME = "123456789012.dkr.ecr.ca-central-1.amazonaws.com", "vitrine-dev-analyze"
RUNNING, EARLIER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
STACK = "vitrine-dev-analyze"
# A commit of the images' tags that no checkout has.
TAG = "d" * 40
WORDS = "catalogue/drawn/words.csv"


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


@pytest.fixture
def settings() -> Environment:
    return make_settings().model_copy(update={"name": "dev"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """dev's settings in a file of their own."""
    file = tmp_path / "dev.toml"
    file.write_bytes((FOLDER / "dev.toml").read_bytes())
    return file


@pytest.fixture
def cloudformation(account: Account, monkeypatch: pytest.MonkeyPatch) -> Stubber:
    """CloudFormation, for the session and for the deploy role of the bootstrap."""
    monkeypatch.setattr(command, "assumed", lambda settings, session, role: {"deploy": session}[role])
    return account.stub("cloudformation")


def serves(account: Account, cloudformation: Stubber, image: str) -> None:
    """Let the service run an image."""
    arn = "arn:aws:ecs:ca-central-1:123456789012:service/cluster/service"
    summary = {"LogicalResourceId": "Service", "PhysicalResourceId": arn, "ResourceType": "AWS::ECS::Service"}
    summary |= {"ResourceStatus": "UPDATE_COMPLETE", "LastUpdatedTimestamp": "2026-11-27T00:00:00Z"}
    cloudformation.add_response(
        "list_stack_resources", {"StackResourceSummaries": [summary]}, {"StackName": STACK}
    )
    ecs = account.stub("ecs")
    expected = {"cluster": "cluster", "services": [arn]}
    ecs.add_response("describe_services", {"services": [{"taskDefinition": "task:7"}]}, expected)
    task = {"taskDefinition": {"containerDefinitions": [{"image": image}]}}
    ecs.add_response("describe_task_definition", task, {"taskDefinition": "task:7"})


def status(cloudformation: Stubber, status: str) -> None:
    stack = {"StackName": STACK, "CreationTime": "2026-11-27T00:00:00Z", "StackStatus": status}
    cloudformation.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": STACK})


def has_image(
    account: Account, *, tags: tuple[str, ...] = (TAG,), deployed: str | None = None, refusal: str = ""
) -> None:
    """Let the repository have the earlier image, and the account say which commit is deployed."""
    params = {"repositoryName": NAME, "imageIds": [{"imageDigest": EARLIER}]}
    image = {"imageDigest": EARLIER, "imageTags": list(tags)}
    account.stub("ecr").add_response("describe_images", {"imageDetails": [image]}, params)
    ssm = account.stub("ssm")
    if deployed is None:
        ssm.add_client_error("get_parameter", refusal or "ParameterNotFound")
    else:
        expected = {"Name": "/vitrine/dev/deployed-commit"}
        ssm.add_response("get_parameter", {"Parameter": {"Value": deployed}}, expected)


def deployed(digest: str) -> dict[str, Any]:
    """A deployed template, which no checkout has any more."""
    image = {"Fn::Join": ["", [{"Ref": "AWS::AccountId"}, f".dkr.ecr/{NAME}@{digest}"]]}
    variables = [{"Name": "VERSION", "Value": digest[7:19]}, {"Name": "FORMER", "Value": "kept"}]
    container = {"Image": image, "Environment": variables}
    return {
        "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>"}},
        "Resources": {
            "Former": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "kept"}},
            "Task": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {"ContainerDefinitions": [container]},
            },
        },
    }


def run(settings: Environment, account: Any, file: Path, root: Path = ROOT) -> list[str]:
    lines: list[str] = []
    rollback(settings, account, named=str(file), digest=EARLIER, report=lines.append, root=root)
    return lines


def updates(cloudformation: Stubber) -> None:
    """Let CloudFormation change the image."""
    cloudformation.add_response("get_template", {"TemplateBody": json.dumps(deployed(RUNNING))})
    cloudformation.add_response("update_stack", {"StackId": "id"})
    for _ in range(2):
        status(cloudformation, "UPDATE_COMPLETE")


@pytest.mark.parametrize(
    ("image", "digest"),
    [
        (f"{HOST}/{NAME}@{RUNNING}", RUNNING),
        (f"{HOST}/cdk-hnb659fds-container-assets-123456789012-ca-central-1:abc", None),
    ],
)
def test_running_digest_is_that_of_our_image(
    settings: Environment, account: Account, cloudformation: Stubber, image: str, digest: str | None
) -> None:
    serves(account, cloudformation, image)
    assert running_digest(settings, account) == digest  # type: ignore[arg-type]


def test_undeployed_service_has_no_digest(
    settings: Environment, account: Account, cloudformation: Stubber
) -> None:
    cloudformation.add_client_error("list_stack_resources", "ValidationError")
    assert running_digest(settings, account) is None  # type: ignore[arg-type]


def test_only_the_image_changes(
    settings: Environment, account: Account, cloudformation: Stubber, file: Path
) -> None:
    status(cloudformation, "UPDATE_COMPLETE")
    serves(account, cloudformation, f"{HOST}/{NAME}@{RUNNING}")
    has_image(account)
    template = json.dumps(deployed(RUNNING))
    cloudformation.add_response("get_template", {"TemplateBody": template}, {"StackName": STACK})
    changed = {
        "StackName": STACK,
        "TemplateBody": json.dumps(deployed(EARLIER), separators=(",", ":")),
        "Parameters": [{"ParameterKey": "BootstrapVersion", "UsePreviousValue": True}],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
    }
    cloudformation.add_response("update_stack", {"StackId": "id"}, changed)
    for _ in range(2):
        status(cloudformation, "UPDATE_COMPLETE")
    assert f"✓ {STACK} runs {EARLIER} again" in run(settings, account, file)
    assert tomllib.loads(file.read_text("utf-8"))["image_digest"] == EARLIER


@pytest.mark.parametrize("mark", ["", " with uncommitted changes"])
def test_other_catalogue_is_refused(
    settings: Environment, account: Account, cloudformation: Stubber, file: Path, tmp_path: Path, mark: str
) -> None:
    before, checkout = file.read_bytes(), Checkout(tmp_path / "checkout")
    first = checkout.commit("one", WORDS)
    changed = checkout.commit("another", WORDS)
    status(cloudformation, "UPDATE_COMPLETE")
    serves(account, cloudformation, f"{HOST}/{NAME}@{RUNNING}")
    has_image(account, tags=("latest", first), deployed=f"{changed}{mark}")
    refusal = f"of {first}, whose catalogue differs from that of {changed}"
    with pytest.raises(UserError, match=refusal) as refused:
        run(settings, account, file, checkout.folder)
    assert "revert the commit that changed catalogue/, and deploy" in refused.value.hint
    assert file.read_bytes() == before


def test_same_catalogue_is_rolled_back(
    settings: Environment, account: Account, cloudformation: Stubber, file: Path, tmp_path: Path
) -> None:
    checkout = Checkout(tmp_path / "checkout")
    first = checkout.commit("one", WORDS)
    later = checkout.commit("another", "catalogue/loading.py")
    status(cloudformation, "UPDATE_COMPLETE")
    serves(account, cloudformation, f"{HOST}/{NAME}@{RUNNING}")
    has_image(account, tags=(first,), deployed=later)
    updates(cloudformation)
    assert not any(line.startswith("!") for line in run(settings, account, file, checkout.folder))


@pytest.mark.parametrize(
    ("found", "warning"),
    [
        ({}, "no commit is known of what is deployed."),
        ({"deployed": "a folder outside git"}, "no commit is known of what is deployed."),
        ({"tags": (), "deployed": "e" * 40}, "no commit is known of the image."),
        ({"deployed": "e" * 40}, f"this clone lacks {TAG} or {'e' * 40}."),
        ({"refusal": "AccessDeniedException"}, "may not read the parameter /vitrine/dev/deployed-commit."),
    ],
)
def test_unknown_catalogue_is_a_warning(
    settings: Environment,
    account: Account,
    cloudformation: Stubber,
    file: Path,
    found: dict[str, Any],
    warning: str,
) -> None:
    status(cloudformation, "UPDATE_COMPLETE")
    serves(account, cloudformation, f"{HOST}/{NAME}@{RUNNING}")
    has_image(account, **found)
    updates(cloudformation)
    first, *_ = run(settings, account, file)
    assert first.startswith("! Its catalogue is not compared with the deployed one")
    assert first.endswith(warning)


def test_running_image_is_not_deployed(
    settings: Environment, account: Account, cloudformation: Stubber, file: Path
) -> None:
    # After a failed preflight, or where CloudFormation has restored the stack.
    status(cloudformation, "UPDATE_ROLLBACK_COMPLETE")
    serves(account, cloudformation, f"{HOST}/{NAME}@{EARLIER}")
    assert f"✓ {STACK} already runs {EARLIER}: nothing is deployed" in run(settings, account, file)
    assert tomllib.loads(file.read_text("utf-8"))["image_digest"] == EARLIER


def test_image_of_the_cdk_is_not_replaced(
    settings: Environment, account: Account, cloudformation: Stubber, file: Path
) -> None:
    status(cloudformation, "UPDATE_COMPLETE")
    serves(account, cloudformation, f"{HOST}/cdk-hnb659fds-container-assets:abc")
    has_image(account)
    cloudformation.add_response("get_template", {"TemplateBody": json.dumps(deployed(RUNNING))})
    with pytest.raises(UserError, match=f"names no image of {NAME} that runs") as refusal:
        run(settings, account, file)
    assert f'Set image_digest = "{EARLIER}"' in refusal.value.hint


def test_deleted_image_is_named(
    settings: Environment, account: Account, cloudformation: Stubber, file: Path
) -> None:
    before = file.read_bytes()
    status(cloudformation, "UPDATE_COMPLETE")
    serves(account, cloudformation, f"{HOST}/{NAME}@{RUNNING}")
    account.stub("ecr").add_client_error("describe_images", "ImageNotFoundException")
    with pytest.raises(UserError, match=f"{NAME} has no image {EARLIER}"):
        run(settings, account, file)
    assert file.read_bytes() == before


def test_failed_rollback_leaves_the_settings(
    settings: Environment, account: Account, cloudformation: Stubber, file: Path
) -> None:
    before = file.read_bytes()
    status(cloudformation, "UPDATE_COMPLETE")
    serves(account, cloudformation, f"{HOST}/{NAME}@{RUNNING}")
    has_image(account)
    cloudformation.add_response("get_template", {"TemplateBody": json.dumps(deployed(RUNNING))})
    cloudformation.add_response("update_stack", {"StackId": "id"})
    for _ in range(2):
        status(cloudformation, "UPDATE_ROLLBACK_COMPLETE")
    with pytest.raises(UserError, match=f"{STACK} is UPDATE_ROLLBACK_COMPLETE"):
        run(settings, account, file)
    assert file.read_bytes() == before
