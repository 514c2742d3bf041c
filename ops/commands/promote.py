"""`python -m ops promote` and `digest`: the service's image by its digest, without building one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.cdk import ROOT, run
from cli.errors import UserError
from cli.settings_file import settings_file, with_added, write_atomically
from ops.aws.account import physical_ids, resources
from ops.commands.image import commit_of, image_repository, log_in, pushed_digest
from settings.naming import image_repository_name, stack_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import boto3
    from mypy_boto3_ecr import ECRClient

    from settings.environment import Environment

# A folder in skopeo's `dir:` form holds the manifest as it is, so that the copy has the same digest.
_COPY = ("skopeo", "copy", "--preserve-digests")


def save(settings: Environment, ecr: ECRClient, digest: str, folder: Path, root: Path = ROOT) -> None:
    """Write a pushed image into a folder, from which `promote` pushes it; needs skopeo."""
    uri = image_repository(settings, ecr)["repositoryUri"]
    log_in(ecr, "skopeo", uri.partition("/")[0], root)
    run([*_COPY, f"docker://{uri}@{digest}", f"dir:{folder}"], folder=root)


def promote(
    settings: Environment,
    ecr: ECRClient,
    digest: str,
    folder: Path | None,
    report: Callable[[str], object],
    root: Path = ROOT,
) -> None:
    """Push an image that `save` wrote into the environment's repository, under this commit's tag.

    Without a folder it must be there already. Raises UserError where it is not, where the tag names another
    image, and where the pushed digest is not `digest`.
    """
    commit = commit_of(root)
    repository = image_repository(settings, ecr)
    name, uri = repository["repositoryName"], f"{repository['repositoryUri']}:{commit}"
    if pushed_digest(ecr, name, commit) is None:
        if folder is None:
            raise UserError(
                f"{uri} is not there, and no folder with it is given.",
                hint=f"Build it again: `make image ENV={settings.name}`; in a workflow, run all jobs again.",
            )
        log_in(ecr, "skopeo", uri.partition("/")[0], root)
        run([*_COPY, f"dir:{folder}", f"docker://{uri}"], folder=root)
    if (found := pushed_digest(ecr, name, commit)) != digest:
        raise UserError(
            f"{uri} has the digest {found or 'of no image'}, not {digest}.",
            hint="Tags are immutable: delete the image of this tag if nothing runs it, or make a new commit.",
        )
    report(f"✓ {uri} is {digest}")


def write_digest(named: str, digest: str, report: Callable[[str], object]) -> None:
    """Write `image_digest` into the settings file of the environment `named`."""
    file = settings_file(named)
    write_atomically(file, with_added(file.read_bytes().decode(), "image_digest", digest).encode())
    report(f'{file} now says image_digest = "{digest}"')


def running_digest(settings: Environment, session: boto3.Session) -> str | None:
    """Return the digest of our repository's image that the service runs.

    None where the service is not deployed, or runs an image that the CDK built.
    """
    stack = stack_name(settings.name, "analyze")
    services = physical_ids(resources(session.client("cloudformation"), stack), "AWS::ECS::Service")
    if not services:
        return None
    # arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME
    cluster, ecs = services[0].split("/")[1], session.client("ecs")
    described = ecs.describe_services(cluster=cluster, services=services)["services"]
    if not described:
        return None
    task = ecs.describe_task_definition(taskDefinition=described[0]["taskDefinition"])["taskDefinition"]
    repository, _, digest = task["containerDefinitions"][0]["image"].partition("@")
    return digest if repository.endswith(f"/{image_repository_name(settings.name)}") and digest else None
