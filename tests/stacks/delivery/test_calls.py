"""The role `deploy` allows exactly what the commands of the pipeline call."""

import hashlib
import subprocess
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from cli.errors import UserError
from cli.findings import ok
from ops.aws.account import NEEDED, published_outputs
from ops.commands.deploy import deploy
from ops.commands.endpoint_checks import async_answers
from ops.commands.image import image
from settings.environment import Environment
from settings.naming import STACKS, stack_name
from tests.stacks.delivery.calls import RELEASED, Calls, requests
from tests.stacks.delivery.policies import allows
from tests.stacks.delivery.roles import PROD, REGION, delivered
from tests.stacks.test_permissions import listed

ARCHIVE, DIGEST = b"archive", f"sha256:{'a' * 64}"
BUCKETS = {"artifact-bucket": "artifacts", "exchange-bucket": "exchange"}
# Actions that no command of ours calls by boto3, and what asks for them.
UNCALLED = {
    "sts:AssumeRole": "the CDK takes the bootstrap's roles",
    **dict.fromkeys(
        (
            *("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:InitiateLayerUpload"),
            *("ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"),
        ),
        "docker pushes an image",
    ),
    "ecr:GetDownloadUrlForLayer": "an image is saved, to be pushed to the next environment",
    "ecs:DescribeServices": "which image runs is read, to return to it",
    "ecs:DescribeTaskDefinition": "which image runs is read, to return to it",
    "kms:Decrypt": "S3, in the role's name: an answer is read, the parts of an archive are joined",
    "kms:GenerateDataKey": "S3, in the role's name: what is put is encrypted",
    "s3:ListBucket": "without it a missing object would be refused instead of not found",
    "s3:AbortMultipartUpload": "an archive of gigabytes is uploaded in parts; a failed upload is aborted",
}


class Account:
    """A deployed environment behind real clients of boto3, which records each call and answers it."""

    region_name = REGION

    def __init__(self, settings: Environment) -> None:
        self.calls = Calls()
        self._model = stack_name(settings.name, "model")
        self._pushed = False

    def client(self, service: Any, **_: Any) -> Any:
        client: Any = boto3.Session("testing", "testing", region_name=REGION).client(service)
        client._make_api_call = partial(self._answer, client)
        return client

    def _answer(self, client: Any, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        self.calls.extend(requests(client.meta.service_model.service_name, operation, params))
        match operation, params:
            case "DescribeStacks", {"StackName": name}:
                return {"Stacks": [{"StackName": name, "StackStatus": "UPDATE_COMPLETE"}]}
            case "ListStackResources", {"StackName": name}:
                return {"StackResourceSummaries": [self._resource(name)]}
            case "DescribeEndpoint", _:
                return {"EndpointStatus": "InService", "EndpointConfigName": "config"}
            case "DescribeTargetHealth", _:
                return {"TargetHealthDescriptions": [{"TargetHealth": {"State": "healthy"}}]}
            case "GetParameter", {"Name": name}:
                return {"Parameter": {"Value": BUCKETS[name.rpartition("/")[2]]}}
            case "GetParameters", {"Names": names}:
                return {"Parameters": [{"Name": name, "Value": "x"} for name in names]}
            case "InvokeEndpointAsync", _:
                return {
                    "OutputLocation": "s3://exchange/answers/1",
                    "FailureLocation": "s3://exchange/failures/1",
                }
            case "DescribeRepositories", {"repositoryNames": [name]}:
                return {"repositories": [{"repositoryName": name, "repositoryUri": f"host/{name}"}]}
            case "DescribeImages", _ if not self._pushed:
                self._pushed = True
                raise client.exceptions.ImageNotFoundException({"Error": {}}, operation)
            case "DescribeImages", _:
                return {"imageDetails": [{"imageDigest": DIGEST}]}
            case "GetAuthorizationToken", _:
                return {"authorizationData": [{"authorizationToken": "QVdTOnA="}]}
            case "HeadObject", {"Bucket": "artifacts"}:
                raise ClientError({"Error": {"Code": "404"}}, operation)
            case "GetObject", _:
                raise client.exceptions.NoSuchKey({"Error": {}}, operation)
        return {}

    def _resource(self, stack: str) -> dict[str, str]:
        kind, identifier = "AWS::ElasticLoadBalancingV2::TargetGroup", "targets"
        if stack == self._model:
            kind, identifier = "AWS::SageMaker::EndpointConfig", "arn/config"
        return {"ResourceType": kind, "PhysicalResourceId": identifier, "ResourceStatus": "CREATE_COMPLETE"}


def checkout(folder: Path) -> Path:
    """A git repository with one commit."""
    root = folder / "checkout"
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    subprocess.run(
        ["git", *identity, "commit", "--quiet", "--allow-empty", "-m", "one"], cwd=root, check=True
    )
    return root


@pytest.fixture(scope="module")
def settings() -> Environment:
    """Production with a pipeline; `archive` is the model's."""
    key = f"models/{hashlib.sha256(ARCHIVE).hexdigest()}/blip2-endpoint.tar.gz"
    return PROD.model_copy(update={"model": PROD.model.model_copy(update={"artifact": key})})


@pytest.fixture(scope="module")
def called(settings: Environment, tmp_path_factory: pytest.TempPathFactory) -> Calls:
    """The calls of `make deploy`, of its smoke test, of `make smoke` elsewhere, and of `make image`."""
    account, folder = Account(settings), tmp_path_factory.mktemp("deployment")
    session, console = cast("boto3.Session", account), Console(file=StringIO())
    archive = folder / "blip2-endpoint.tar.gz"
    archive.write_bytes(ARCHIVE)
    outputs = dict.fromkeys(NEEDED, "https://api.shop.example")
    stacks = [stack_name(settings.name, stack) for stack in STACKS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ops.commands.deploy.preflight", lambda *_, **__: [ok("all", "ok")])
        patch.setattr("ops.commands.deploy.check_goods", lambda *_: None)
        patch.setattr("ops.commands.deploy.synthesize", lambda *_: folder)
        patch.setattr("cli.cdk.assembly_stacks", lambda _: dict.fromkeys(stacks))
        patch.setattr("cli.cdk.stacks_to_delete", lambda _: [])
        patch.setattr("cli.cdk.run_cdk", lambda _: None)
        patch.setattr("ops.commands.deploy.read_outputs", lambda _: outputs)
        patch.setattr("ops.commands.smoke._check_authorizer", lambda *_: None)
        patch.setattr("ops.commands.internal_checks.async_answers", partial(async_answers, within_s=0.01))
        patch.setattr("ops.commands.endpoint_checks._POLL_S", 0.0)
        patch.setenv("CONTAINER_TOOL", "sh")
        patch.setattr("ops.commands.image.run", lambda *_, **__: None)
        # The endpoint answers with a failure, so every call about it is made.
        with pytest.raises(UserError, match="failed to answer"):
            deploy(settings, session, console, named="prod", archive=archive, confirm=False)
        published_outputs(settings, session)
        image(settings, account.client("ecr"), lambda _: None, checkout(folder))
    return account.calls


def test_role_allows_every_call(called: Calls) -> None:
    role = delivered(PROD).deploy
    assert {request for request in called if not allows(role.documents, *request)} == set()


def test_role_allows_only_calls(called: Calls) -> None:
    role = delivered(PROD).deploy
    granted = {
        action
        for one in role.documents
        for statement in one["Statement"]
        for action in listed(statement["Action"])
    }
    assert granted == {request.action for request in called} | UNCALLED.keys() | RELEASED
