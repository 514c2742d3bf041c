"""`python -m ops deploy`: from settings to a system that answers, in steps that can be run again."""

import sys
from functools import partial
from pathlib import Path

import boto3
from rich.console import Console

from cli import cdk
from cli.errors import UserError
from cli.findings import unless_denied
from cli.progress import Bytes
from ops.aws.archive import upload, verify
from ops.aws.outputs import outputs_file, read_outputs
from ops.aws.session import parameter_name
from ops.aws.wait_stable import wait_until_stable
from ops.commands.rollout_check import endpoint_took_over
from ops.commands.smoke import smoke
from ops.doctor.model import DEMO, is_there
from ops.doctor.preflight import fit, preflight, show
from settings.environment import Environment
from settings.naming import stack_name

# A domain's name that is new is known everywhere only after a while.
_PATIENCE_S = 180.0


def deploy(
    settings: Environment,
    session: boto3.Session,
    console: Console,
    *,
    named: str,
    archive: Path | None,
    asking: bool,
) -> None:
    """Deploy an environment, `named` so by the caller; raise DeliveryError at the first step that fails.

    `archive` is the model's, for the first time that the settings name it. `asking`: agree with the person at
    the terminal on the account, and on wider permissions.
    """
    _agree_on_archive(settings, archive)
    console.rule("1/6 Looking at settings and account")
    findings = preflight(settings, session, archive_at_hand=archive is not None)
    show(findings, console)
    if not fit(findings):
        raise UserError(
            "Nothing was deployed.", hint="Mend what failed above, and run the same command again."
        )
    if asking:
        _ask(settings, session)

    console.rule("2/6 Synthesizing")
    assembly = cdk.TOOLS / f"assembly-{settings.name}"
    stacks = cdk.synth(named, assembly)
    cloudformation = session.client("cloudformation")
    wait_until_stable(cloudformation, stacks, lambda text: console.print(f"… {text}"))

    # What the other stacks need before they are made: the bucket of the archive is in this one.
    console.rule("3/6 Storage")
    storage = stack_name(settings.name, "storage")
    cdk.deploy(assembly, [storage], asking=asking)

    console.rule("4/6 Model archive")
    bring_archive(settings, session, archive, console)

    console.rule("5/6 All stacks")
    outputs = outputs_file(settings)
    cdk.deploy(assembly, stacks, asking=asking, outputs=outputs)
    console.print(f"Outputs: {outputs}")
    if not settings.model.paused:
        sagemaker = session.client("sagemaker")
        console.print(unless_denied(partial(endpoint_took_over, settings, sagemaker, cloudformation)))

    console.rule("6/6 Smoke test")
    tried = smoke(settings, session, read_outputs(str(outputs)), console, patience_s=_PATIENCE_S)
    if tried:
        console.print("✓ deployed, and a photo went through the public address")
    else:
        console.print("! deployed, but no photo went through the public address")


def bring_archive(
    settings: Environment, session: boto3.Session, archive: Path | None, console: Console
) -> None:
    """Upload the archive that the settings name, unless it is there or the demo's.

    Raises DeliveryError when it is not there and not at hand, or is another one.
    """
    key = settings.model.artifact
    if key == DEMO:
        console.print("✓ the demo model comes with the templates")
        return
    name = parameter_name(settings, "artifact-bucket")
    bucket = session.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    s3 = session.client("s3")
    if is_there(s3, bucket, key):
        console.print(f"✓ s3://{bucket}/{key} is there already")
        return
    if archive is None:
        raise UserError(
            f"s3://{bucket}/{key} is not there, and no archive is at hand.",
            hint=f"Run `make deploy ENV={settings.name} ARTIFACT=FILE`.",
        )
    size = archive.stat().st_size
    with Bytes(console, "hashing", size) as progress:
        verify(archive, key, progress.advance)
    with Bytes(console, "uploading", size) as progress:
        earlier = upload(s3, archive, bucket, key, progress.advance)
    went_on = f", {earlier / 1e6:.0f} of them earlier" if earlier else ""
    console.print(f"✓ uploaded s3://{bucket}/{key}: {size / 1e6:.0f} MB{went_on}")


def _agree_on_archive(settings: Environment, archive: Path | None) -> None:
    if archive is None:
        return
    if settings.model.artifact == DEMO:
        raise UserError(
            f"model.artifact of {settings.name} is the demo model, so {archive} would not be used.",
            hint="Set model.artifact to models/<sha256 of the file>/blip2-endpoint.tar.gz.",
        )
    if not archive.is_file():
        raise UserError(f"{archive} is not a file.", hint="Name the model's archive.")


def _ask(settings: Environment, session: boto3.Session) -> None:
    account = session.client("sts").get_caller_identity()["Account"]
    if not sys.stdin.isatty():
        raise UserError("Nobody is at the terminal to be asked.", hint="Say --yes (make: YES=1).")
    answer = input(f"Deploy {settings.name} into account {account}, region {settings.region}? [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise UserError("Nothing was deployed.")
