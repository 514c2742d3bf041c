"""The roles allow exactly what the commands of the pipeline call.

Calls by a role of the bootstrap, which a command assumes, are held against that role's policies.
"""

import hashlib
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from cli.errors import UserError
from cli.findings import ok
from ops.aws.account import NEEDED, published_outputs
from ops.commands.deploy import deploy
from ops.commands.drift import drift
from ops.commands.endpoint_checks import async_answers
from ops.commands.image import image
from ops.commands.promote import running_digest
from ops.commands.rollback import rollback
from settings.environment import FOLDER, Environment
from settings.naming import STACKS, image_repository_name, stack_name
from tests.stacks.delivery.bootstrap import bootstrap_policies
from tests.stacks.delivery.calls import RELEASED, Calls, Request, requests
from tests.stacks.delivery.policies import Document, allows
from tests.stacks.delivery.roles import ACCOUNT, PROD, REGION, bootstrap_role, delivered
from tests.stacks.test_permissions import listed

ARCHIVE, DIGEST, EARLIER = b"archive", f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
BUCKETS = {"artifact-bucket": "artifacts", "exchange-bucket": "exchange"}
RESOURCES = {
    "model": {"AWS::SageMaker::EndpointConfig": "arn/config"},
    "analyze": {
        "AWS::ElasticLoadBalancingV2::TargetGroup": "targets",
        "AWS::ECS::Service": f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/vitrine-prod-analyze-Cluster/Service",
    },
}
# Actions that no command of ours calls by boto3, and what asks for them.
UNCALLED = {
    **dict.fromkeys(
        (
            *("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:InitiateLayerUpload"),
            *("ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"),
        ),
        "docker pushes an image",
    ),
    "ecr:GetDownloadUrlForLayer": "an image is saved, to be pushed to the next environment",
    "kms:Decrypt": "S3, in the role's name: an answer is read, the parts of an archive are joined",
    "kms:GenerateDataKey": "S3, in the role's name: what is put is encrypted",
    "s3:ListBucket": "without it a missing object would be refused instead of not found",
    "s3:AbortMultipartUpload": "an archive of gigabytes is uploaded in parts; a failed upload is aborted",
}


class Session:
    """A session of an account, with the rights of a role; without an ARN, those that the workflow has."""

    region_name = REGION

    def __init__(self, account: "Account", role: str = "") -> None:
        self._account, self._role = account, role

    def client(self, service: Any, **_: Any) -> Any:
        client: Any = boto3.Session("testing", "testing", region_name=REGION).client(service)
        client._make_api_call = partial(self._account.answer, client, self._account.calls[self._role])
        return client

    def get_partition_for_region(self, _: str) -> str:
        return "aws"


class Account:
    """A deployed environment behind real clients of boto3, which records calls by role and answers them."""

    def __init__(self, settings: Environment) -> None:
        self.calls: dict[str, Calls] = defaultdict(Calls)
        self._name = settings.name
        self._pushed = False

    def assumed(self, *, aws_access_key_id: str, **_: str) -> Session:
        return Session(self, aws_access_key_id)

    def answer(self, client: Any, calls: Calls, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        calls.extend(requests(client.meta.service_model.service_name, operation, params))
        match operation, params:
            case "GetCallerIdentity", _:
                return {"Account": ACCOUNT}
            case "AssumeRole", {"RoleArn": arn}:
                names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
                return {"Credentials": dict.fromkeys(names, arn)}
            case "DescribeStacks", _:
                name = params.get("StackName", stack_name(self._name, "analyze"))
                return {"Stacks": [{"StackName": name, "StackStatus": "UPDATE_COMPLETE"}]}
            case "GetTemplate", _:
                image = {"Image": f"host/{image_repository_name(self._name)}@{DIGEST}"}
                task = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [image]}}
                return {"TemplateBody": {"Resources": {"Task": task}}}
            case "DescribeServices", {"services": [service]}:
                return {"services": [{"serviceArn": service, "taskDefinition": "task:7"}]}
            case "DescribeTaskDefinition", _:
                image = {"image": f"host/{image_repository_name(self._name)}@{DIGEST}"}
                return {"taskDefinition": {"containerDefinitions": [image]}}
            case "DetectStackDrift", _:
                return {"StackDriftDetectionId": "detection"}
            case "DescribeStackDriftDetectionStatus", _:
                return {"DetectionStatus": "DETECTION_COMPLETE"}
            case "DescribeStackResourceDrifts", _:
                return {"StackResourceDrifts": []}
            case "ListStackResources", {"StackName": name}:
                kinds = RESOURCES[name.rpartition("-")[2]].items()
                return {
                    "StackResourceSummaries": [
                        {"ResourceType": kind, "PhysicalResourceId": one, "ResourceStatus": "CREATE_COMPLETE"}
                        for kind, one in kinds
                    ]
                }
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
def called(settings: Environment, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Calls]:
    """The calls of `make deploy`, its smoke test, `make smoke` elsewhere, `image`, `digest` and `rollback`.

    By the ARN of the role; the workflow's own have none.
    """
    account, folder = Account(settings), tmp_path_factory.mktemp("deployment")
    session, console = cast("boto3.Session", Session(account)), Console(file=StringIO())
    file = folder / "prod.toml"
    file.write_bytes((FOLDER / "prod.toml").read_bytes())
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
        image(settings, session.client("ecr"), lambda _: None, checkout(folder))
        patch.setattr("ops.aws.bootstrap_roles.boto3", SimpleNamespace(Session=account.assumed))
        assert running_digest(settings, session) == DIGEST
        rollback(settings, session, named=str(file), digest=EARLIER, report=lambda _: None)
    return account.calls


@pytest.fixture
def looked(settings: Environment, monkeypatch: pytest.MonkeyPatch) -> dict[str, Calls]:
    """The calls of `make drift`."""
    account = Account(settings)
    monkeypatch.setattr("ops.aws.bootstrap_roles.boto3", SimpleNamespace(Session=account.assumed))
    session = cast("boto3.Session", Session(account))
    assert drift(settings, session, Console(file=StringIO()), as_data=False) == 0
    return account.calls


def refused(calls: dict[str, Calls], own: Sequence[Document], assumed: str) -> set[Request]:
    """Return the calls that the workflow's role, or the bootstrap's that it assumes, may not make."""
    documents = {"": own, bootstrap_role(assumed, PROD): bootstrap_policies(assumed, PROD)}
    assert calls.keys() == documents.keys()
    return {one for role, made in calls.items() for one in made if not allows(documents[role], *one)}


@pytest.mark.system
def test_deploy_role_allows_every_call(called: dict[str, Calls]) -> None:
    assert refused(called, delivered(PROD).deploy.documents, "deploy") == set()


@pytest.mark.system
def test_lookup_role_allows_drift(looked: dict[str, Calls]) -> None:
    assert refused(looked, delivered(PROD).lookup.documents, "lookup") == set()


def test_role_allows_only_calls(called: dict[str, Calls]) -> None:
    role = delivered(PROD).deploy
    granted = {
        action
        for one in role.documents
        for statement in one["Statement"]
        for action in listed(statement["Action"])
    }
    assert granted == {request.action for request in called[""]} | UNCALLED.keys() | RELEASED
