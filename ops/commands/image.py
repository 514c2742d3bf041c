"""`python -m ops image`: build the service's image of this commit and push it, once."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from cli.cdk import ROOT, run
from cli.errors import UserError
from settings.naming import image_repository_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import RepositoryTypeDef

    from settings.environment import Environment

DOCKERFILE = "services/analyze/Dockerfile"
PLATFORM = "linux/arm64"
TOOLS = ("docker", "podman", "buildah")


def image(settings: Environment, ecr: ECRClient, report: Callable[[str], object], root: Path = ROOT) -> str:
    """Return the digest of this commit's image in the ECR repository, pushed now or earlier.

    The tag is the commit, and tags are immutable. Raises UserError for uncommitted changes, for a missing
    repository and when a tool fails.
    """
    _refuse_changes(root)
    commit = commit_of(root)
    repository = image_repository(settings, ecr)
    name, uri = repository["repositoryName"], f"{repository['repositoryUri']}:{commit}"
    if (digest := pushed_digest(ecr, name, commit)) is not None:
        report(f"✓ {uri} is pushed already")
        return digest
    tool = _tool()
    log_in(ecr, tool, repository["repositoryUri"].partition("/")[0], root)
    report(f"… building {uri} for {PLATFORM} with {tool}")
    for command in _commands(tool, uri, commit):
        run(command, folder=root)
    if (digest := pushed_digest(ecr, name, commit)) is None:
        raise UserError(f"{uri} was pushed, and is missing.", hint="Check the repository.")
    report(f"✓ pushed {uri}")
    return digest


def _refuse_changes(root: Path) -> None:
    if changed := _git(root, "status", "--porcelain"):
        raise UserError(
            f"The tree differs from its commit: {changed.splitlines()[0].strip()}"
            f"{' and more' if len(changed.splitlines()) > 1 else ''}.",
            hint="Commit first: the image's tag names the commit that it is built from.",
        )


def commit_of(root: Path) -> str:
    """Return the commit that is checked out, which tags its image; raise UserError outside a checkout."""
    return _git(root, "rev-parse", "HEAD")


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != 0:
        raise UserError(f"git {arguments[0]}: {done.stderr.strip()}.", hint="Run this in a git checkout.")
    return done.stdout.strip()


def image_repository(settings: Environment, ecr: ECRClient) -> RepositoryTypeDef:
    """Return the environment's repository of the image; raise UserError where it is not deployed."""
    name = image_repository_name(settings.name)
    try:
        return ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
    except ecr.exceptions.RepositoryNotFoundException as error:
        raise UserError(
            f"There is no repository {name} in {settings.region} of this account.",
            hint=f"Run `make deploy ENV={settings.name}` first: the storage stack makes it.",
        ) from error


def pushed_digest(ecr: ECRClient, repository: str, tag: str) -> str | None:
    """Return the digest of a tag's image; None where the repository has no such tag."""
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])["imageDetails"]
    except ecr.exceptions.ImageNotFoundException:
        return None
    return found[0]["imageDigest"]


def _tool() -> str:
    wanted = os.environ.get("CONTAINER_TOOL")
    for tool in (wanted,) if wanted else TOOLS:
        if shutil.which(tool) is not None:
            return tool
    raise UserError(
        f"{wanted or 'None of docker, podman and buildah'} is not installed.",
        hint="Install one, or name another in CONTAINER_TOOL.",
    )


def log_in(ecr: ECRClient, tool: str, registry: str, root: Path) -> None:
    """Sign a tool in to the registry; the password goes by its standard input."""
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    user, _, password = base64.b64decode(token).decode().partition(":")
    run([tool, "login", "--username", user, "--password-stdin", registry], folder=root, stdin=password)


def _commands(tool: str, uri: str, commit: str) -> list[list[str]]:
    options = ["--platform", PLATFORM, "--file", DOCKERFILE, "--tag", uri]
    options += ["--label", f"org.opencontainers.image.revision={commit}"]
    if os.path.basename(tool) == "docker":  # noqa: PTH119 a command's name, not a path of ours
        # Without provenance there is one manifest and no index: the digest is the image's own.
        return [[tool, "buildx", "build", *options, "--provenance=false", "--push", "."]]
    return [[tool, "build", *options, "."], [tool, "push", uri]]
