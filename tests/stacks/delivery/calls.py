"""Which action on which resource IAM asks for, of a call that boto3 is about to make."""

from typing import Any, NamedTuple

from tests.stacks.delivery.policies import Context
from tests.stacks.delivery.roles import ACCOUNT, REGION

# S3 asks for other permissions than the names of its operations.
_S3 = {
    "HeadObject": "GetObject",
    **dict.fromkeys(("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"), "PutObject"),
}
_SAGEMAKER = {"Model": "model", "EndpointConfig": "endpoint-config", "Endpoint": "endpoint"}
# Of boto3's names and of its events.
_SERVICES = {"elbv2": "elasticloadbalancing"}
# What a release calls, beyond what a deployment does: tests/ops/release/test_release.py records it.
RELEASED = {
    *(f"sagemaker:{verb}{kind}" for verb in ("Create", "Delete") for kind in ("Model", "EndpointConfig")),
    *("sagemaker:CreateEndpoint", "sagemaker:DeleteEndpoint", "sagemaker:InvokeEndpoint"),
    "iam:PassRole",
}


class Request(NamedTuple):
    """An action, as in "s3:GetObject", the ARN of its resource, and what conditions may ask about it."""

    action: str
    resource: str
    context: Context | None = None


class Calls(list[Request]):
    """Every request of the clients whose events are registered."""

    def record(self, event_name: str, params: dict[str, Any], **_: object) -> None:
        service, operation = event_name.split(".")[1:]
        self.extend(requests(service, operation, params))


def requests(service: str, operation: str, params: dict[str, Any]) -> list[Request]:
    """Return what IAM asks for; nothing for the one call that needs no permission."""
    if operation == "GetCallerIdentity":
        return []
    service = _SERVICES.get(service, service.removesuffix("-runtime"))
    action = f"{service}:{_S3.get(operation, operation) if service == 's3' else operation}"
    asked = [Request(action, resource) for resource in _resources(service, operation, params)]
    if action == "s3:GetObject":
        # Without it S3 answers AccessDenied for an object that is missing, instead of not found.
        asked.append(Request("s3:ListBucket", f"arn:aws:s3:::{params['Bucket']}"))
    if "ExecutionRoleArn" in params:
        to_service = {"iam:PassedToService": f"{service}.amazonaws.com"}
        asked.append(Request("iam:PassRole", params["ExecutionRoleArn"], to_service))
    return asked


def _resources(service: str, operation: str, params: dict[str, Any]) -> list[str]:
    match service, params:
        case "cloudformation", {"StackName": name}:
            return [_arn(service, f"stack/{name}/id")]
        case "ssm", {"Name": name}:
            return [_arn(service, f"parameter{name}")]
        case "ssm", {"Names": names}:
            return [_arn(service, f"parameter{name}") for name in names]
        case "ecr", {"repositoryName": name} | {"repositoryNames": [name]}:
            return [_arn(service, f"repository/{name}")]
        case "s3", {"Bucket": bucket, "Key": key}:
            return [f"arn:aws:s3:::{bucket}/{key}"]
        case "s3", {"Bucket": bucket}:
            return [f"arn:aws:s3:::{bucket}"]
        case "sts", {"RoleArn": arn}:
            return [arn]
        case "ecs", {"services": arns}:
            return list(arns)
        case "sagemaker", _:
            # SageMaker writes names in lower case into ARNs.
            named = [(_SAGEMAKER[key[:-4]], value) for key, value in params.items() if key[:-4] in _SAGEMAKER]
            own = [one for one in named if one[0] == _kind(operation)] or named
            # Creating an endpoint is checked for its configuration too.
            return [
                _arn(service, f"{kind}/{name.lower()}")
                for kind, name in (named if "Create" in operation else own)
            ]
    return ["*"]


def _kind(operation: str) -> str:
    return next((kind for name, kind in _SAGEMAKER.items() if operation.endswith(name)), "endpoint")


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
