"""The task of `services/analyze`: image, container and permissions."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from settings.environment import Environment
from settings.naming import image_repository_name
from settings.service_env import analyze_variables, log_variables, posthog_variables
from stacks.constructs import iam
from stacks.constructs.functions import VERSION_DIGITS
from stacks.constructs.operations import log_group
from stacks.results.stack import ResultsStack
from stacks.storage.stack import StorageStack

ROOT = Path(__file__).resolve().parents[2]
PORT = 8080
HEALTH_PATH = "/healthz"
USER = "10001"
# Longer than a request may take: the gateway waits 30 s.
STOP_TIMEOUT = cdk.Duration.seconds(60)
# The build context, which the image's hash covers: only the files that the service imports.
CONTEXT = (
    *("*", "!services/__init__.py", "!services/analyze", "!services/core", "!services/web", "!catalogue"),
    *("catalogue/README.md", "**/__pycache__", "**/*.pyc"),
)
_HEALTH_CHECK = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{PORT}{HEALTH_PATH}', timeout=4)"


def service_task(
    scope: Construct, settings: Environment, storage: StorageStack, results: ResultsStack
) -> ecs.FargateTaskDefinition:
    """Declare the task: one unprivileged container with a read-only file system."""
    task = ecs.FargateTaskDefinition(
        scope,
        "Task",
        cpu=settings.service.cpu_units,
        memory_limit_mib=settings.service.memory_mb,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=ecs.CpuArchitecture.ARM64,
            operating_system_family=ecs.OperatingSystemFamily.LINUX,
        ),
    )
    for statement in _statements(scope, settings, storage, results):
        task.add_to_task_role_policy(statement)
    process = ecs.LinuxParameters(scope, "Process", init_process_enabled=True)
    process.drop_capabilities(ecs.Capability.ALL)
    image, version = _image(scope, settings)
    task.add_container(
        "Service",
        image=image,
        environment={
            **analyze_variables(settings, **results.report_resources),
            **posthog_variables(settings),
            **log_variables(settings, version),
        },
        secrets=_secrets(scope, settings),
        port_mappings=[ecs.PortMapping(container_port=PORT)],
        user=USER,
        readonly_root_filesystem=True,
        linux_parameters=process,
        stop_timeout=STOP_TIMEOUT,
        health_check=ecs.HealthCheck(
            command=["CMD", "python", "-c", _HEALTH_CHECK],
            interval=cdk.Duration.seconds(30),
            timeout=cdk.Duration.seconds(5),
            start_period=cdk.Duration.seconds(30),
        ),
        logging=ecs.LogDrivers.aws_logs(
            stream_prefix="analyze",
            log_group=log_group(scope, "ServiceLog", settings.log_retention_days),
            # If CloudWatch is unreachable, log lines are dropped and requests go on.
            mode=ecs.AwsLogDriverMode.NON_BLOCKING,
            max_buffer_size=cdk.Size.mebibytes(25),
        ),
    )
    return task


def _image(scope: Construct, settings: Environment) -> tuple[ecs.ContainerImage, str]:
    """The image, and the start of its hash."""
    if settings.image_digest is not None:
        # By name, not by reference: CloudFormation refuses to delete an export that is still imported, which
        # would block a return to the image that the CDK builds.
        repository = ecr.Repository.from_repository_name(
            scope, "Repository", image_repository_name(settings.name)
        )
        version = settings.image_digest.removeprefix("sha256:")[:VERSION_DIGITS]
        return ecs.ContainerImage.from_ecr_repository(repository, settings.image_digest), version
    asset = ecr_assets.DockerImageAsset(
        scope,
        "Image",
        directory=str(ROOT),
        file="services/analyze/Dockerfile",
        platform=ecr_assets.Platform.LINUX_ARM64,
        exclude=list(CONTEXT),
        ignore_mode=cdk.IgnoreMode.DOCKER,
    )
    return ecs.ContainerImage.from_docker_image_asset(asset), asset.asset_hash[:VERSION_DIGITS]


def _secrets(scope: Construct, settings: Environment) -> dict[str, ecs.Secret]:
    names = {
        "OPENAI_API_KEY": settings.llm.secret_name,
        "SUPABASE_LEGACY_SECRET": settings.supabase.legacy_secret_name,
    }
    return {
        variable: ecs.Secret.from_secrets_manager(
            secretsmanager.Secret.from_secret_name_v2(scope, variable.title().replace("_", ""), name)
        )
        for variable, name in names.items()
        if name is not None
    }


def _statements(
    scope: Construct, settings: Environment, storage: StorageStack, results: ResultsStack
) -> list[aws_iam.PolicyStatement]:
    # tests/services/analyze/test_role.py compares these with the recorded calls.
    return [
        # A presigned upload or link works only if its signer may put or get the object.
        iam.objects(storage.images, ("photos", "uploads"), "PutObject", "GetObject", "DeleteObject"),
        aws_iam.PolicyStatement(actions=["s3:GetBucketLocation"], resources=[storage.images.bucket_arn]),
        iam.through_s3(storage.key, settings.region, "Decrypt", "GenerateDataKey"),
        iam.rows(storage.reports, "BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem"),
        iam.invoke_endpoint(scope, settings.model),
        iam.send(results.jobs.queue),
        *(results.async_io.caller_statements() if settings.model.mode == "async" else ()),
    ]
