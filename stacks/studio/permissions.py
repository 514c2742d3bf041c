"""The permissions of Studio's apps: run apps, store archives, and try them at separate endpoints."""

from collections.abc import Callable, Iterator

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from settings.environment import Environment
from settings.naming import parameter_name
from stacks.storage.stack import StorageStack

# Names of trial endpoints, their models and configurations; the environment's own endpoint is denied.
TRIAL_NAMES = "blip2-*"
# The parameters that the notebook reads.
PARAMETERS = ("artifact-bucket", "image-key", "studio-model-role")


def log_arn(stack: cdk.Stack, name: str) -> str:
    """Return the ARN of a log group and its streams; `name` may hold a wildcard."""
    return f"arn:{cdk.Aws.PARTITION}:logs:{cdk.Aws.REGION}:{stack.account}:log-group:{name}:*"


def permissions(
    stack: cdk.Stack,
    settings: Environment,
    storage: StorageStack,
    *,
    domain_id: str,
    key: kms.IKey,
    model_role: iam.IRole,
) -> Iterator[iam.PolicyStatement]:
    """Yield the statements of the apps' role."""
    allow = iam.PolicyStatement

    def arn(kind: str, name: str) -> str:
        return _arn(stack, "sagemaker", kind, name)

    images, artifacts = storage.images, storage.artifacts
    yield allow(actions=["s3:ListBucket"], resources=[images.bucket_arn, artifacts.bucket_arn])
    yield allow(
        actions=["s3:GetObject"], resources=[images.arn_for_objects("*"), artifacts.arn_for_objects("*")]
    )
    # Archives of gigabytes are uploaded in parts; a failed upload is aborted.
    yield allow(
        actions=["s3:PutObject", "s3:AbortMultipartUpload"], resources=[artifacts.arn_for_objects("*")]
    )
    yield allow(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[storage.key.key_arn])
    yield allow(
        actions=["ssm:GetParameter"],
        resources=[
            _arn(stack, "ssm", "parameter", parameter_name(settings.name, name).removeprefix("/"))
            for name in PARAMETERS
        ],
    )

    trials = {kind: arn(kind, TRIAL_NAMES) for kind in ("model", "endpoint-config", "endpoint")}
    yield allow(
        actions=[
            *(f"sagemaker:{verb}Model" for verb in ("Create", "Describe", "Delete")),
            *(f"sagemaker:{verb}EndpointConfig" for verb in ("Create", "Describe", "Delete")),
            *(f"sagemaker:{verb}Endpoint" for verb in ("Create", "Describe", "Delete", "Invoke")),
        ],
        resources=list(trials.values()),
    )
    # CloudFormation owns this endpoint.
    yield allow(
        effect=iam.Effect.DENY,
        actions=["sagemaker:CreateEndpoint", "sagemaker:DeleteEndpoint"],
        resources=[arn("endpoint", settings.model.endpoint_name)],
    )
    yield allow(
        actions=["iam:PassRole"],
        resources=[model_role.role_arn],
        conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    )

    yield from _apps(arn, domain_id)
    # A space's disk is encrypted with the domain's key, on behalf of the user who starts it.
    yield allow(
        actions=["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"],
        resources=[key.key_arn],
    )
    yield allow(
        actions=["kms:CreateGrant"],
        resources=[key.key_arn],
        conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
    )
    yield allow(
        actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        resources=[log_arn(stack, "/aws/sagemaker/studio")],
    )


def _apps(arn: Callable[[str, str], str], domain_id: str) -> Iterator[iam.PolicyStatement]:
    allow = iam.PolicyStatement
    yield allow(actions=["sagemaker:DescribeDomain"], resources=[arn("domain", domain_id)])
    yield allow(
        actions=["sagemaker:DescribeUserProfile", "sagemaker:CreatePresignedDomainUrl"],
        resources=[arn("user-profile", f"{domain_id}/*")],
    )
    spaces, apps = arn("space", f"{domain_id}/*"), arn("app", f"{domain_id}/*")
    yield allow(
        actions=[f"sagemaker:{verb}Space" for verb in ("Create", "Describe", "Update", "Delete")],
        resources=[spaces],
    )
    yield allow(
        actions=[f"sagemaker:{verb}App" for verb in ("Create", "Describe", "Delete")], resources=[apps]
    )
    # Studio tags resources only while it creates them.
    yield allow(
        actions=["sagemaker:AddTags"],
        resources=[spaces, apps],
        conditions={"StringEquals": {"sagemaker:TaggingAction": ["CreateSpace", "CreateApp"]}},
    )
    # Studio's page lists both; the list actions support no resource-level permissions.
    yield allow(actions=["sagemaker:ListApps", "sagemaker:ListSpaces"], resources=["*"])


def _arn(stack: cdk.Stack, service: str, kind: str, name: str) -> str:
    return f"arn:{cdk.Aws.PARTITION}:{service}:{cdk.Aws.REGION}:{stack.account}:{kind}/{name}"
