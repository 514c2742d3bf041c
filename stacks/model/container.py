"""The model's container, read from the committed lock `containers.json`.

`make lock` asks SageMaker's SDK and writes the lock, so that a synthesis does not import the SDK, which takes
seconds.
"""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_sagemaker as sagemaker

from settings.environment import environment_names, load_environment
from settings.schema import Model

LOCK = Path(__file__).resolve().parents[2] / "model_artifacts" / "blip2" / "containers.json"
COMMAND = "python -m stacks.model.container"
# Locked beside what the committed environments need, so that choosing one of these needs no other step.
REGION = "ca-central-1"
INSTANCE_TYPES = (
    "ml.t2.medium",
    "ml.m5.large",
    "ml.c5.xlarge",
    "ml.g4dn.xlarge",
    "ml.g5.xlarge",
    "ml.g6.xlarge",
)
_ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<name>[^:@]+)"
)


class ContainerError(ValueError):
    """The lock has no container for these settings, or SageMaker cannot run it."""


def primary_container(
    settings: Model, region: str, model_data_url: str
) -> sagemaker.CfnModel.ContainerDefinitionProperty:
    """Return CreateModel's container for the archive at `model_data_url`; raises ContainerError."""
    locked = _locked(settings, region)
    return sagemaker.CfnModel.ContainerDefinitionProperty(
        image=locked["Image"], environment=locked["Environment"], model_data_url=model_data_url
    )


def image_repository_arn(settings: Model, region: str) -> str:
    """Return the ARN of the ECR repository that holds the container's image; raises ContainerError."""
    image = _locked(settings, region)["Image"]
    found = _ECR_IMAGE.match(image)
    if found is None:
        raise ContainerError(f"{image} is in no ECR repository, and SageMaker pulls images only from ECR")
    return f"arn:{cdk.Aws.PARTITION}:ecr:{found['region']}:{found['account']}:repository/{found['name']}"


def _locked(settings: Model, region: str) -> dict[str, Any]:
    key = _key(region, settings.instance_type, settings.image_uri)
    locked: dict[str, dict[str, Any]] = json.loads(LOCK.read_text("utf-8"))
    if key not in locked:
        raise ContainerError(
            f"model_artifacts/blip2/containers.json has no container for {key}: run `make lock`, or "
            f"`.venv/bin/{COMMAND} FILE` for a settings file outside environments/"
        )
    return locked[key]


def _key(region: str, instance_type: str, image_uri: str | None) -> str:
    # The SDK's answer does not depend on the instance type if the settings name an image.
    return f"{region} {image_uri or instance_type}"


def containers(environments: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the SDK's containers for the environments in AWS, by name or path, and for INSTANCE_TYPES.

    Raises ContainerError with the SDK's message.
    """
    wanted: list[tuple[str, str, str | None]] = [(REGION, one, None) for one in INSTANCE_TYPES]
    wanted += [
        (settings.region, settings.model.instance_type, settings.model.image_uri)
        for settings in map(load_environment, environments)
        if settings.target == "aws"
    ]
    return {_key(*one): _define(*one) for one in wanted}


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
        found = containers([*environment_names(), *paths])
    except ValueError as error:
        sys.exit(str(error))
    LOCK.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
