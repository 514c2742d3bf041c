"""The container image of the service: in our repository by its digest, or built here by the CDK."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from cli.findings import Finding, failure, warning, well
from settings.naming import image_repository_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_ecr import ECRClient

    from settings.environment import Environment

SUBJECT = "image"
_ARM = ("arm64", "aarch64")
_INTERPRETER = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")


def repository_name(settings: Environment) -> str:
    """Return the name of the environment's repository of the service's images."""
    return image_repository_name(settings.name)


def pushed(settings: Environment, digest: str, ecr: ECRClient) -> Iterator[Finding]:
    """Whether the image of the settings is in the environment's own repository."""
    repository = repository_name(settings)
    hint = f"Run `make image ENV={settings.name}` and set image_digest to what it prints."
    try:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])
    except ecr.exceptions.RepositoryNotFoundException:
        yield failure(
            SUBJECT,
            f"image_digest names an image of {repository}, which is not there yet.",
            f"Leave image_digest out of the first deployment. Later: {hint}",
        )
    except ecr.exceptions.ImageNotFoundException:
        yield failure(SUBJECT, f"{repository} holds no image {digest}.", hint)
    else:
        yield well(SUBJECT, f"{repository}@{digest}")


def buildable(settings: Environment) -> Iterator[Finding]:
    """Whether this machine has what the CDK builds an ARM64 image with."""
    tool = os.environ.get("CDK_DOCKER") or "docker"
    if shutil.which(tool) is None:
        yield failure(
            SUBJECT,
            f"without image_digest the CDK builds the image, and {tool} is not on this machine.",
            "Install Docker, name another tool in CDK_DOCKER, or set image_digest to a pushed image.",
        )
    elif platform.system() == "Linux" and platform.machine() not in _ARM and not _INTERPRETER.exists():
        yield warning(
            SUBJECT,
            f"{tool} builds for ARM64 here only by an interpreter of ARM64 programs, and none is there.",
            f"Run `{tool} run --privileged --rm tonistiigi/binfmt --install arm64`, "
            "or deploy from an ARM64 machine.",
        )
    else:
        yield well(SUBJECT, f"is built by {tool} while it is deployed")
