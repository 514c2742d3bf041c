"""The model's container, read from the committed lock `containers.json`, and the role that runs it.

`make lock` asks SageMaker's SDK and writes the lock, so that a synthesis does not import the SDK, which takes
seconds.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from settings.environment import environment_names, load_environment
from settings.model import Model

LOCK = Path(__file__).resolve().parents[2] / "model_artifacts" / "blip2" / "containers.json"
COMMAND = "python -m stacks.model.container"
# Locked besides those of the committed environments, so that choosing one of these needs no other step.
REGION = "ca-central-1"
INSTANCE_TYPES = (
    *("ml.t2.medium", "ml.m5.large", "ml.c5.xlarge"),
    *("ml.g4dn.xlarge", "ml.g5.xlarge", "ml.g6.xlarge"),
)
# The namespaces of the endpoint's metrics.
NAMESPACES = ["AWS/SageMaker", "/aws/sagemaker/Endpoints"]
_ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<name>[^:@]+)"
)


class ContainerError(ValueError):
    """The lock has no container for these settings, or SageMaker cannot run it."""


def primary_container(
    settings: Model, region: str, model_data_url: str, variables: Mapping[str, str]
) -> sagemaker.CfnModel.ContainerDefinitionProperty:
    """Return CreateModel's container for the archive at `model_data_url`; raises ContainerError.

    It has the SDK's environment variables and these.
    """
    return sagemaker.CfnModel.ContainerDefinitionProperty(
        image=_image(settings, region),
        environment={**_locked(region)["environment"], **variables},
        model_data_url=model_data_url,
    )


def image_repository_arn(settings: Model, region: str) -> str:
    """Return the ARN of the ECR repository that holds the container's image; raises ContainerError."""
    image = _image(settings, region)
    found = _ECR_IMAGE.match(image)
    if found is None:
        raise ContainerError(f"{image} is in no ECR repository, and SageMaker pulls images only from ECR")
    return f"arn:{cdk.Aws.PARTITION}:ecr:{found['region']}:{found['account']}:repository/{found['name']}"


def execution_role(
    scope: Construct,
    construct_id: str,
    model: Model,
    region: str,
    *,
    log: logs.ILogGroup,
    alarms: Sequence[cloudwatch.IAlarm] = (),
) -> iam.Role:
    """Declare a role that may pull the model's image, write one log and metrics, and read these alarms.

    It has no managed policy. Raises ContainerError.
    """
    allow = iam.PolicyStatement
    # SageMaker reads the alarms with this role to decide whether to roll back.
    arns = [alarm.alarm_arn for alarm in alarms]
    role = iam.Role(scope, construct_id, assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    for statement in (
        *([allow(actions=["cloudwatch:DescribeAlarms"], resources=arns)] if arns else []),
        allow(
            actions=["ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"],
            resources=[image_repository_arn(model, region)],
        ),
        # A token is valid for the whole registry; the statement above limits what it can pull.
        allow(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
        allow(
            actions=[
                *("logs:CreateLogGroup", "logs:CreateLogStream"),
                *("logs:DescribeLogStreams", "logs:PutLogEvents"),
            ],
            resources=[log.log_group_arn],
        ),
        # Metrics have no ARN; only their namespace can be restricted.
        allow(
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": NAMESPACES}},
        ),
    ):
        role.add_to_policy(statement)
    return role


def _image(settings: Model, region: str) -> str:
    if settings.image_uri is not None:
        return settings.image_uri
    images: dict[str, str] = _locked(region)["images"]
    if settings.instance_type not in images:
        raise ContainerError(_missing(f"{settings.instance_type} in {region}"))
    return images[settings.instance_type]


def _locked(region: str) -> dict[str, Any]:
    lock: dict[str, dict[str, Any]] = json.loads(LOCK.read_text("utf-8"))
    if region not in lock:
        raise ContainerError(_missing(region))
    return lock[region]


def _missing(subject: str) -> str:
    return (
        f"model_artifacts/blip2/containers.json has no container for {subject}: run `make lock`, or "
        f"`.venv/bin/{COMMAND} FILE` for a settings file outside environments/"
    )


def lock_entries(environments: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the lock's content for the environments in AWS, by name or path, and for INSTANCE_TYPES.

    By region: the image of each instance type, and the environment variables of all of them.
    Raises ContainerError with the SDK's message.
    """
    wanted: list[tuple[str, str, str | None]] = [(REGION, one, None) for one in INSTANCE_TYPES]
    wanted += [
        (settings.region, settings.model.instance_type, settings.model.image_uri)
        for settings in map(load_environment, environments)
        if settings.target == "aws"
    ]
    lock: dict[str, dict[str, Any]] = {}
    for region, instance_type, image_uri in dict.fromkeys(wanted):
        defined = _define(region, instance_type, image_uri)
        entry = lock.setdefault(region, {"environment": defined["Environment"], "images": {}})
        if entry["environment"] != defined["Environment"]:
            raise ContainerError(
                f"{instance_type}: the SDK gives it other environment variables than other types"
            )
        if image_uri is None:
            entry["images"][instance_type] = defined["Image"]
    return lock


def _define(region: str, instance_type: str, image_uri: str | None) -> dict[str, Any]:
    from model_artifacts.blip2.definition import container

    try:
        return container(region=region, instance_type=instance_type, image_uri=image_uri)
    except (ImportError, ValueError) as error:
        raise ContainerError(
            f"SageMaker's SDK (requirements.txt) has no container for {instance_type} in {region}: {error}"
        ) from error


def main(paths: Sequence[str]) -> None:
    """Write the lock for the committed environments and for the settings files at `paths`."""
    try:
        lock = lock_entries([*environment_names(), *paths])
    except ValueError as error:
        sys.exit(str(error))
    LOCK.write_text(json.dumps(lock, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
