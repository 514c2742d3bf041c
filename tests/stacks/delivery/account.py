"""The account of a deployed environment, as the commands of the pipeline see it."""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import ClientError

from settings.environment import Environment
from settings.naming import image_repository_name, stack_name
from tests.stacks.delivery.calls import Calls, requests
from tests.stacks.delivery.policies import Document, allows
from tests.stacks.delivery.roles import ACCOUNT, REGION

# Its clients are made anew: each answers by itself.
SESSION: Any = boto3.Session("testing", "testing", region_name=REGION)
DIGEST = f"sha256:{'a' * 64}"
BUCKETS = {"artifact-bucket": "artifacts", "exchange-bucket": "exchange"}
RESOURCES = {
    "model": {
        "AWS::SageMaker::EndpointConfig": "arn/config",
        "AWS::SageMaker::Endpoint": "arn/endpoint",
        "AWS::SageMaker::Model": "arn/model",
    },
    "analyze": {
        "AWS::ElasticLoadBalancingV2::TargetGroup": "targets",
        "AWS::ECS::Service": f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/vitrine-prod-analyze-Cluster/Service",
    },
}
# How services say that something is not allowed, where it is not AccessDenied or AccessDeniedException.
REFUSALS = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}


class Session:
    """A session of an account, with the rights of a role; without an ARN, those that the workflow has."""

    region_name = REGION

    def __init__(self, account: "Account", role: str = "") -> None:
        self._account, self._role = account, role

    def client(self, service: Any, **_: Any) -> Any:
        client: Any = SESSION.client(service)
        client._make_api_call = partial(self._account.answer, client, self._account.calls[self._role])
        return client

    def get_partition_for_region(self, _: str) -> str:
        return "aws"


class Account:
    """A deployed environment behind real clients of boto3, which records calls by role and answers them.

    With `rights`, what these policies do not allow is refused as AWS does.
    """

    def __init__(self, settings: Environment, rights: Sequence[Document] | None = None) -> None:
        self.calls: dict[str, Calls] = defaultdict(Calls)
        self._settings, self._name, self._rights = settings, settings.name, rights
        self._pushed = rights is not None
        self._deployed = ""

    def assumed(self, *, aws_access_key_id: str, **_: str) -> Session:
        return Session(self, aws_access_key_id)

    def answer(self, client: Any, calls: Calls, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        asked = requests(client.meta.service_model.service_name, operation, params)
        calls.extend(asked)
        if self._rights is not None and not all(allows(self._rights, *one) for one in asked):
            raise ClientError({"Error": {"Code": refusal(client, operation)}}, operation)
        match operation, params:
            case "GetCallerIdentity", _:
                return {"Account": ACCOUNT, "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run"}
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
                found = {"EndpointStatus": "InService", "EndpointConfigName": "config"}
                return found | {"EndpointArn": RESOURCES["model"]["AWS::SageMaker::Endpoint"]}
            case "DescribeModel", _:
                served = f"s3://artifacts/{self._settings.model.artifact}"
                return {"PrimaryContainer": {"ModelDataUrl": served}}
            case "DescribeTargetHealth", _:
                return {"TargetHealthDescriptions": [{"TargetHealth": {"State": "healthy"}}]}
            case "PutParameter", {"Value": value}:
                self._deployed = value
            case "GetParameter", {"Name": name} if name.endswith("/deployed-commit"):
                return {"Parameter": {"Value": self._deployed}}
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
            case "CreateMultipartUpload", _:
                return {"UploadId": "upload"}
            case "UploadPart", _:
                raise ClientError({"Error": {"Code": "AccessDenied"}}, operation)
            case "GetObject", _:
                raise client.exceptions.NoSuchKey({"Error": {}}, operation)
        return {}


def refusal(client: Any, operation: str) -> str:
    """Return the code by which a service says that a call is not allowed."""
    if operation.startswith("Head"):  # an answer without a body
        return "403"
    model = client.meta.service_model
    usual = "AccessDeniedException" if "json" in model.metadata["protocol"] else "AccessDenied"
    return REFUSALS.get(model.service_name, usual)
