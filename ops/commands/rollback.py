"""`python -m ops rollback`: an earlier image in the place of the one that the service runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cli.errors import UserError
from ops.aws.account import stack_status, wait_stable
from ops.aws.bootstrap_roles import assumed
from ops.commands.promote import running_digest, write_digest
from settings.delivery import DEPLOY
from settings.naming import image_repository_name, stack_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import boto3

    from settings.environment import Environment

_TASK = "AWS::ECS::TaskDefinition"


def rollback(
    settings: Environment, session: boto3.Session, *, named: str, digest: str, report: Callable[[str], None]
) -> None:
    """Let the service run an earlier image; the settings file `named` then names it.

    The deployed template is deployed again with that image: nothing else changes, whatever this checkout
    would deploy. Where the image runs already, nothing is deployed.

    Raises UserError where the repository lacks the image, where the service runs none of that repository, and
    where CloudFormation takes the change back. The settings are then as before.
    """
    stack, cloudformation = stack_name(settings.name, "analyze"), session.client("cloudformation")
    # A deployment whose command was interrupted may still change or restore the image.
    wait_stable(cloudformation, [stack], report)
    running = running_digest(settings, session)
    if running == digest:
        report(f"✓ {stack} already runs {digest}: nothing is deployed")
    else:
        _require_image(settings, session, digest)
        _deploy_image(settings, session, stack, running, digest)
        wait_stable(cloudformation, [stack], report)
        if (status := stack_status(cloudformation, stack)) != "UPDATE_COMPLETE":
            raise UserError(
                f"{stack} is {status}: the service does not run {digest}.",
                hint="The stack's events in CloudFormation say why; the tasks' last log lines may, too.",
            )
        report(f"✓ {stack} runs {digest} again")
    write_digest(named, digest, report)


def _require_image(settings: Environment, session: boto3.Session, digest: str) -> None:
    ecr, name = session.client("ecr"), image_repository_name(settings.name)
    try:
        ecr.describe_images(repositoryName=name, imageIds=[{"imageDigest": digest}])
    except ecr.exceptions.ImageNotFoundException as error:
        raise UserError(
            f"The repository {name} has no image {digest}.",
            hint="Its lifecycle rule deletes old images: build the earlier commit's by `make image`.",
        ) from error


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
