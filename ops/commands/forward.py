"""`python -m ops forward`: whether a deployment of this commit would take back something newer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.cdk import ROOT
from cli.errors import UserError
from cli.settings_file import settings_file
from ops.aws.account import physical_ids, resources
from ops.commands.deployed_commit import git, lacking, recorded, report_untraced, without_history
from settings.naming import stack_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import boto3

    from settings.environment import Environment


def forward(
    settings: Environment,
    session: boto3.Session,
    *,
    named: str,
    any_model: bool,
    report: Callable[[str], object],
    root: Path = ROOT,
) -> None:
    """Raise UserError where a deployment of this commit would undo another one, or the release of a model.

    The commit that was last deployed must be this one, or come before it; so must that of the model stack,
    where it was deployed alone. Where nothing is recorded, any may be. A model that is served, and that no
    commit up to this one names in the settings file, was released, and its settings are not merged yet. With
    `any_model`, model and model stack are not asked for. The whole history is needed.
    """
    if (unknown := without_history(root)) is not None:
        raise UserError(f"It is not known what is newer: {unknown.text}.", hint=unknown.hint)
    deployed = recorded(settings, session)
    if any_model:
        deployed = deployed._replace(model=None)
    if (lack := lacking(settings, deployed, root)) is not None:
        raise UserError(
            f"{lack.text}.",
            hint="Deploy the newest commit. To go back, revert the later one, or let the service run an "
            f"earlier image by `make rollback ENV={settings.name} DIGEST=sha256:…`."
            if lack.later
            else "Push that commit, and merge it as it is; where it is merged, run `git fetch`. To take it "
            "back, or where another commit has the same changes, run "
            f"`make deploy ENV={settings.name}` at a desk.",
        )
    for subject, source in deployed.sources(settings.name):
        if source.commit is None:
            raise UserError(
                f"{subject} was deployed from {source}: no commit says what a deployment would take back.",
                hint=f"Run `make deploy ENV={settings.name}` at a desk, in a git checkout: it records one.",
            )
    report_untraced(settings, deployed, report)
    served = None if any_model else _served_artifact(settings, session)
    if served not in (None, settings.model.artifact) and not _named(root, settings_file(named), str(served)):
        raise UserError(
            f"{settings.name} serves {served}, which no commit up to this one names: a deployment would take "
            "its release back.",
            hint="Merge the pull request of the release, or commit the settings that `make release` wrote. "
            "Run an interrupted release again. To take it back on purpose, run "
            f"`make deploy ENV={settings.name}` at a desk.",
        )
    report(f"✓ nothing that this commit lacks is in {settings.name}")


def _served_artifact(settings: Environment, session: boto3.Session) -> str | None:
    """Return the key of the deployed model's archive; None without a model, and for the demo model."""
    stack = stack_name(settings.name, "model")
    models = physical_ids(resources(session.client("cloudformation"), stack), "AWS::SageMaker::Model")
    if not models:
        return None
    described = session.client("sagemaker").describe_model(ModelName=models[0].rpartition("/")[2])
    key = described["PrimaryContainer"]["ModelDataUrl"].removeprefix("s3://").partition("/")[2]
    return key if key.startswith("models/") else None


def _named(root: Path, file: Path, key: str) -> bool:
    return bool(git(root, "log", "-1", "--format=%H", f"-S{key}", "HEAD", "--", str(file)).stdout.strip())
