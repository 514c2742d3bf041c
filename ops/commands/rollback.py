"""`python -m ops rollback`: an earlier image in the place of the one that the service runs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cli.cdk import ROOT
from cli.errors import UserError
from ops.aws.account import stack_status, wait_stable
from ops.aws.bootstrap_roles import assumed
from ops.commands.deployed_commit import git, recorded
from ops.commands.promote import running_digest, write_digest
from settings.delivery import DEPLOY
from settings.naming import image_repository_name, stack_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import boto3

    from settings.environment import Environment

_TASK = "AWS::ECS::TaskDefinition"
_COMMIT = re.compile(r"[0-9a-f]{40}")
# What the version of a catalogue is made of: the files in its folders, not the code that reads them.
_CATALOGUES = ":(glob)catalogue/*/**"


def rollback(
    settings: Environment,
    session: boto3.Session,
    *,
    named: str,
    digest: str,
    report: Callable[[str], None],
    root: Path = ROOT,
) -> None:
    """Let the service run an earlier image; the settings file `named` then names it.

    The deployed template is deployed again with that image: nothing else changes, whatever this checkout
    would deploy. Where the image runs already, nothing is deployed.

    Raises UserError where the repository lacks the image, where its catalogue is not the one that all stacks
    were deployed with, where the service runs none of that repository, and where CloudFormation takes the
    change back. The settings are then as before.
    """
    stack, cloudformation = stack_name(settings.name, "analyze"), session.client("cloudformation")
    # A deployment whose command was interrupted may still change or restore the image.
    wait_stable(cloudformation, [stack], report)
    running = running_digest(settings, session)
    if running == digest:
        report(f"✓ {stack} already runs {digest}: nothing is deployed")
    else:
        commits = _image_commits(settings, session, digest)
        _require_same_catalogue(settings, session, commits, root, report)
        _deploy_image(settings, session, stack, running, digest)
        wait_stable(cloudformation, [stack], report)
        if (status := stack_status(cloudformation, stack)) != "UPDATE_COMPLETE":
            raise UserError(
                f"{stack} is {status}: the service does not run {digest}.",
                hint="The stack's events in CloudFormation say why; the tasks' last log lines may, too.",
            )
        report(f"✓ {stack} runs {digest} again")
    write_digest(named, digest, report)


def _image_commits(settings: Environment, session: boto3.Session, digest: str) -> list[str]:
    """Return the commits that tag an image; raise UserError where the repository lacks it."""
    ecr, name = session.client("ecr"), image_repository_name(settings.name)
    try:
        images = ecr.describe_images(repositoryName=name, imageIds=[{"imageDigest": digest}])["imageDetails"]
    except ecr.exceptions.ImageNotFoundException as error:
        raise UserError(
            f"The repository {name} has no image {digest}.",
            hint="Its lifecycle rule deletes old images: build the earlier commit's by `make image`.",
        ) from error
    return [tag for one in images for tag in one.get("imageTags", []) if _COMMIT.fullmatch(tag)]


def _require_same_catalogue(
    settings: Environment,
    session: boto3.Session,
    commits: Sequence[str],
    root: Path,
    report: Callable[[str], None],
) -> None:
    """Raise UserError where the image has another catalogue than the functions of the other stacks.

    These stay as the last deployment of all stacks made them. The endpoint may have a later catalogue,
    released and not deployed yet: reports then wait for that deployment, whichever image runs. What cannot be
    compared is reported: a rollback is urgent.
    """
    try:
        source = recorded(settings, session).stacks
    except UserError as error:
        report(f"! Its catalogue is not compared with the deployed one. {error}")
        return
    deployed = source and source.commit
    if deployed is None or not commits:
        what = "what is deployed" if deployed is None else "the image"
        report(f"! Its catalogue is not compared with the deployed one: no commit is known of {what}.")
        return
    compared = git(
        root, "diff", "--quiet", "--no-ext-diff", commits[0], deployed, "--", _CATALOGUES
    ).returncode
    if compared == 1:
        raise UserError(
            f"The image is of {commits[0]}, whose catalogue differs from that of {deployed}, which all "
            f"stacks of {settings.name} were deployed from: every report would fail on the difference.",
            hint="Go back with all of them: revert the commit that changed catalogue/, and deploy; or check "
            f"out {commits[0]}, and run `make deploy ENV={settings.name}` at a desk.",
        )
    if compared != 0:
        both = f"{commits[0]} or {deployed}"
        report(f"! Its catalogue is not compared with the deployed one: this clone lacks {both}.")


def _deploy_image(
    settings: Environment, session: boto3.Session, stack: str, running: str | None, digest: str
) -> None:
    deployer = assumed(settings, session, DEPLOY).client("cloudformation")
    # botocore parses a template that is JSON, as the CDK's are.
    template: Mapping[str, Any] = deployer.get_template(StackName=stack)["TemplateBody"]
    if running is None or running not in json.dumps(template):
        raise UserError(
            f"The template of {stack} names no image of {image_repository_name(settings.name)} that runs.",
            hint=f'Set image_digest = "{digest}" in the settings, and run `make deploy ENV={settings.name}`.',
        )
    deployer.update_stack(
        StackName=stack,
        TemplateBody=json.dumps(_with_image(template, running, digest), separators=(",", ":")),
        Parameters=[
            {"ParameterKey": key, "UsePreviousValue": True} for key in template.get("Parameters", {})
        ],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )


def _with_image(template: Mapping[str, Any], running: str, digest: str) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(template))
    for resource in changed["Resources"].values():
        if resource["Type"] != _TASK:
            continue
        for container in resource["Properties"]["ContainerDefinitions"]:
            container["Image"] = json.loads(json.dumps(container["Image"]).replace(running, digest))
            for variable in container.get("Environment", []):
                # The beginning of the digest, which log lines carry.
                if variable["Name"] == "VERSION":
                    variable["Value"] = digest.removeprefix("sha256:")[: len(variable["Value"])]
    return changed
