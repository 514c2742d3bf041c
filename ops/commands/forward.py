"""`python -m ops forward`: whether a deployment of this commit would take back something newer."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from cli.cdk import ROOT
from cli.errors import UserError
from cli.settings_file import settings_file
from ops.aws.account import physical_ids, resources
from ops.commands.image import commit_of
from ops.commands.promote import running_digest
from settings.naming import image_repository_name, stack_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import boto3

    from settings.environment import Environment

_COMMIT = re.compile(r"[0-9a-f]{40}")


def forward(
    settings: Environment,
    session: boto3.Session,
    *,
    named: str,
    any_model: bool,
    report: Callable[[str], object],
    root: Path = ROOT,
) -> None:
    """Raise UserError where a deployment of this commit would undo a later one, or the release of a model.

    A model that is served, and that no commit up to this one names in the settings file, was released, and
    its settings are not merged yet; with `any_model` it is not asked for. The whole history is needed.
    """
    if _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == "true":
        hint = "Run `git fetch --unshallow`; in a workflow, check out with fetch-depth: 0."
        raise UserError("This checkout lacks its history, so it does not say what is newer.", hint=hint)
    head = commit_of(root)
    running = _running_commits(settings, session)
    if head not in running and (later := [one for one in running if _precedes(root, head, one)]):
        raise UserError(
            f"{settings.name} runs {later[0]}, a later commit than {head}.",
            hint="Deploy the newest commit. To go back, revert the later one, or let the service run an "
            f"earlier image by `make rollback ENV={settings.name} DIGEST=sha256:…`.",
        )
    served = None if any_model else _served_artifact(settings, session)
    if served not in (None, settings.model.artifact) and not _named(root, settings_file(named), str(served)):
        raise UserError(
            f"{settings.name} serves {served}, which no commit up to this one names: a deployment would take "
            "its release back.",
            hint="Merge the pull request of the release, or commit the settings that `make release` wrote. "
            "Run an interrupted release again. To take it back on purpose, run "
            f"`make deploy ENV={settings.name}` at a desk.",
        )
    report(f"✓ nothing newer than this commit is in {settings.name}")


def _running_commits(settings: Environment, session: boto3.Session) -> list[str]:
    """Return the commits that tag the image of the running service; none for an image of the CDK's."""
    if (digest := running_digest(settings, session)) is None:
        return []
    ecr, name = session.client("ecr"), image_repository_name(settings.name)
    try:
        images = ecr.describe_images(repositoryName=name, imageIds=[{"imageDigest": digest}])["imageDetails"]
    except ecr.exceptions.ImageNotFoundException:  # its lifecycle rule has deleted it
        return []
    return [tag for image in images for tag in image.get("imageTags", []) if _COMMIT.fullmatch(tag)]


def _served_artifact(settings: Environment, session: boto3.Session) -> str | None:
    """Return the key of the deployed model's archive; None without a model, and for the demo model."""
    stack = stack_name(settings.name, "model")
    models = physical_ids(resources(session.client("cloudformation"), stack), "AWS::SageMaker::Model")
    if not models:
        return None
    described = session.client("sagemaker").describe_model(ModelName=models[0].rpartition("/")[2])
    key = described["PrimaryContainer"]["ModelDataUrl"].removeprefix("s3://").partition("/")[2]
    return key if key.startswith("models/") else None


def _precedes(root: Path, commit: str, later: str) -> bool:
    # A commit that the history lacks is on no branch any more.
    return _git(root, "merge-base", "--is-ancestor", commit, later).returncode == 0


def _named(root: Path, file: Path, key: str) -> bool:
    return bool(_git(root, "log", "-1", "--format=%H", f"-S{key}", "HEAD", "--", str(file)).stdout.strip())


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
