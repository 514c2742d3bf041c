"""What the roles of GitHub Actions may do by themselves, beside the bootstrap's roles.

Each action is one that `make deploy`, `forward`, `image`, `promote`, `digest`, `rollback`, `smoke` or
`release` calls: tests record the calls. What other commands call (doctor, destroy, redrive, logs, bootstrap)
stays with a person.
"""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from settings.delivery import DEPLOYING, bootstrap_role_name
from settings.environment import Environment
from settings.naming import DEPLOYED_COMMIT, STACKS, image_repository_name, parameter_name, stack_name
from stacks.constructs.async_io import AsyncIoResources
from stacks.constructs.iam import invoke_endpoint, through_s3
from stacks.model.stack import ARCHIVES
from stacks.storage.stack import StorageStack

# The stacks that a deployment with keep_data protects from termination.
PROTECTED = ("storage", "studio")
# What a smoke test reads, of all environments and of an async endpoint, and what a release reads.
READ = (
    "ApiUrl",
    "SupabaseUrl",
    "SupabasePublishableKey",
    "ArtifactBucket",
    "ExchangeBucket",
    "CanaryRoleArn",
)
# What a canary is made of, and its resource in ARNs.
SAGEMAKER = {"Model": "model", "EndpointConfig": "endpoint-config", "Endpoint": "endpoint"}
# CloudFormation chooses the name of the model in use.
MODEL_NAMES = "model/*"

_Allow = iam.PolicyStatement


def assume_bootstrap(scope: Construct, settings: Environment, *roles: str) -> iam.PolicyStatement:
    """Allow assuming some of the environment's bootstrap roles, as in "lookup"."""
    stack = cdk.Stack.of(scope)
    names = [bootstrap_role_name(settings.qualifier, role, stack.account, settings.region) for role in roles]
    return _Allow(
        actions=["sts:AssumeRole"], resources=[_arn(scope, "iam", f"role/{name}") for name in names]
    )


def read_prices() -> iam.PolicyStatement:
    """Allow reading AWS's public prices, which support no resource-level permissions."""
    return _Allow(actions=["pricing:GetProducts"], resources=["*"])


def deploy_statements(
    scope: Construct,
    settings: Environment,
    storage: StorageStack,
    async_io: AsyncIoResources,
    canary_role: iam.IRole,
) -> Iterator[iam.PolicyStatement]:
    """Yield what deploying, pushing an image, the smoke test and a release need."""
    yield assume_bootstrap(scope, settings, *DEPLOYING)
    yield from _stacks(scope, settings)
    yield from _image(scope, settings)
    yield from _running(scope, settings)
    yield from _archive(scope, storage)
    yield from _smoke(scope, settings, async_io)
    yield from _canary(scope, settings, canary_role)


def _stacks(scope: Construct, settings: Environment) -> Iterator[iam.PolicyStatement]:
    # By name: a prefix of dev's stacks is also one of those of an environment dev-2.
    def stacks(*names: str) -> list[str]:
        return [_arn(scope, "cloudformation", f"stack/{stack_name(settings.name, one)}/*") for one in names]

    yield _Allow(actions=["cloudformation:DescribeStacks"], resources=stacks(*STACKS))
    yield _Allow(actions=["cloudformation:ListStackResources"], resources=stacks("analyze", "model"))
    if settings.keep_data:
        yield _Allow(actions=["cloudformation:UpdateTerminationProtection"], resources=stacks(*PROTECTED))

    def parameters(*names: str) -> list[str]:
        return [_arn(scope, "ssm", f"parameter{parameter_name(settings.name, one)}") for one in names]

    yield _Allow(actions=["ssm:GetParameter", "ssm:GetParameters"], resources=parameters(*READ))
    # What is deployed, to refuse a run of an earlier commit.
    yield _Allow(actions=["ssm:GetParameter", "ssm:PutParameter"], resources=parameters(DEPLOYED_COMMIT))


def _image(scope: Construct, settings: Environment) -> Iterator[iam.PolicyStatement]:
    yield _Allow(
        actions=[
            *("ecr:DescribeRepositories", "ecr:DescribeImages", "ecr:BatchCheckLayerAvailability"),
            *("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload"),
            *("ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"),
        ],
        resources=[_arn(scope, "ecr", f"repository/{image_repository_name(settings.name)}")],
    )
    # A token is valid for the whole registry; the statement above limits what it can pull and push.
    yield _Allow(actions=["ecr:GetAuthorizationToken"], resources=["*"])


def _running(scope: Construct, settings: Environment) -> Iterator[iam.PolicyStatement]:
    # Which image the service runs, to return to it. CloudFormation names cluster and service by their stack.
    services = _arn(scope, "ecs", f"service/{stack_name(settings.name, 'analyze')}-*")
    yield _Allow(actions=["ecs:DescribeServices"], resources=[services])
    # Task definitions support no resource-level permissions here.
    yield _Allow(actions=["ecs:DescribeTaskDefinition"], resources=["*"])


def _archive(scope: Construct, storage: StorageStack) -> Iterator[iam.PolicyStatement]:
    bucket = storage.artifacts
    yield _Allow(
        actions=["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
        resources=[bucket.arn_for_objects(ARCHIVES)],
    )
    # Without s3:ListBucket, S3 answers AccessDenied for an archive that is missing.
    yield _Allow(actions=["s3:ListBucket"], resources=[bucket.bucket_arn])
    yield through_s3(storage.key, cdk.Stack.of(scope).region, "Decrypt", "GenerateDataKey")


def _smoke(
    scope: Construct, settings: Environment, async_io: AsyncIoResources
) -> Iterator[iam.PolicyStatement]:
    # Describing targets supports no resource-level permissions.
    yield _Allow(actions=["elasticloadbalancing:DescribeTargetHealth"], resources=["*"])
    yield invoke_endpoint(scope, settings.model)
    if settings.model.mode == "async":
        # The sample photo is sent within the call: no request is written.
        bucket = async_io.bucket
        outcomes = [bucket.arn_for_objects(f"{folder}/*") for folder in ("answers", "failures")]
        yield _Allow(actions=["s3:GetObject", "s3:DeleteObject"], resources=outcomes)
        # Without s3:ListBucket, S3 answers AccessDenied for an answer that is missing.
        yield _Allow(actions=["s3:ListBucket"], resources=[bucket.bucket_arn])
        yield through_s3(async_io.key, cdk.Stack.of(scope).region, "Decrypt")


def _canary(scope: Construct, settings: Environment, canary_role: iam.IRole) -> Iterator[iam.PolicyStatement]:
    endpoint, canary = settings.model.endpoint_name, settings.model.canary_name

    def sagemaker(kind: str, name: str) -> str:
        # SageMaker ARNs hold the name in lower case, and IAM compares case-sensitively.
        return _arn(scope, "sagemaker", f"{kind}/{name.lower()}")

    # Creating an endpoint is checked for its configuration too.
    yield _Allow(
        actions=[
            *(f"sagemaker:{verb}{kind}" for kind in SAGEMAKER for verb in ("Create", "Delete")),
            "sagemaker:InvokeEndpoint",
        ],
        resources=[sagemaker(resource, canary) for resource in SAGEMAKER.values()],
    )
    yield _Allow(
        actions=["sagemaker:DescribeEndpoint"],
        resources=[sagemaker("endpoint", name) for name in (endpoint, canary)],
    )
    yield _Allow(actions=["sagemaker:DescribeModel"], resources=[_arn(scope, "sagemaker", MODEL_NAMES)])
    yield _Allow(
        actions=["iam:PassRole"],
        resources=[canary_role.role_arn],
        conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    )


def _arn(scope: Construct, service: str, resource: str) -> str:
    region = "" if service == "iam" else cdk.Aws.REGION
    return f"arn:{cdk.Aws.PARTITION}:{service}:{region}:{cdk.Stack.of(scope).account}:{resource}"
