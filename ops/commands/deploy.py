"""`python -m ops deploy`: from settings to a system that answers, in steps that can be run again."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cli import cdk
from cli.entry import ask
from cli.errors import UserError, unless_denied
from cli.findings import passed
from cli.progress import Steps
from ops.aws.account import account_id, outputs_file, read_outputs, wait_stable
from ops.aws.archive import object_exists, upload, verify
from ops.aws.deployed import prepare_deletion
from ops.commands.data_stacks import clear_after_studio, protection, without_section
from ops.commands.deployed_commit import Deployed, record, source_of
from ops.commands.internal_checks import rollout_check
from ops.commands.pause import synthesize
from ops.commands.smoke import smoke
from ops.doctor.account import DEMO
from ops.doctor.preflight import preflight, print_preflight
from ops.goods import check_goods
from settings.naming import parameter_name, stack_name

if TYPE_CHECKING:
    from pathlib import Path

    import boto3
    from rich.console import Console

    from settings.environment import Environment

# A new domain name takes minutes until it resolves everywhere.
_RESOLVES_WITHIN_S = 180.0


def deploy(
    settings: Environment,
    session: boto3.Session,
    console: Console,
    *,
    named: str,
    archive: Path | None,
    confirm: bool,
) -> None:
    """Deploy an environment, which the caller calls `named`; raise UserError at the first step that fails.

    The account then says from which commit, also where a later step fails: a part may be deployed.
    `archive` is the model's, needed the first time that the settings name it. With `confirm` the user agrees
    to the account and to broader permissions at the terminal.
    """
    _check_archive(settings, archive)
    console.rule("1/6 Settings and account")
    findings = preflight(settings, session, archive_given=archive is not None)
    print_preflight(findings, console)
    if not passed(findings):
        hint = "Mend what failed above, and run the same command again."
        raise UserError("Nothing was deployed.", hint=hint)
    if confirm:
        _confirm(settings, session)

    console.rule("2/6 Synthesis")
    assembly = synthesize(named, settings)
    stacks = list(cdk.assembly_stacks(assembly))
    cloudformation = session.client("cloudformation")
    wait_stable(cloudformation, stacks, console.print)
    deleted = without_section(session, assembly, console, confirm=confirm)

    record(settings, session, Deployed(source_of(cdk.ROOT)), console.print)
    outputs = outputs_file(settings)
    with protection(settings, cloudformation, console.print):
        # The archive's bucket is in this stack, and the model stack needs the archive.
        console.rule("3/6 Storage")
        storage = [stack_name(settings.name, "storage")]
        cdk.run_cdk(cdk.deploy(assembly, storage, ask_before_broader_permissions=confirm))

        console.rule("4/6 Model archive")
        bring_archive(settings, session, archive, console)

        console.rule("5/6 All stacks")
        for stack in deleted:
            prepare_deletion(session, stack, console.print)
        cdk.run_cdk(cdk.deploy(assembly, stacks, ask_before_broader_permissions=confirm, outputs=outputs))
        clear_after_studio(settings, session, deleted, console)
    console.print(f"Outputs: {outputs}")
    if not settings.model.paused:
        sagemaker = session.client("sagemaker")
        console.print(unless_denied(partial(rollout_check, settings, sagemaker, cloudformation)))

    console.rule("6/6 Smoke test")
    posted = smoke(settings, session, read_outputs(str(outputs)), console, wait_s=_RESOLVES_WITHIN_S)
    outcome = "✓ deployed, and a photo" if posted else "! deployed, but no photo"
    console.print(f"{outcome} went through the public address")


def bring_archive(
    settings: Environment, session: boto3.Session, archive: Path | None, console: Console
) -> None:
    """Upload the archive that the settings name, unless its bucket holds it.

    Raises UserError where the bucket lacks it and no archive is given, or one of another hash.
    """
    key = settings.model.artifact
    if key == DEMO:
        console.print("✓ the demo model is part of the templates")
        return
    name = parameter_name(settings.name, "artifact-bucket")
    bucket = session.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    place = f"s3://{bucket}/{key}"
    s3 = session.client("s3")
    if object_exists(s3, bucket, key):
        console.print(f"✓ {place} is there already")
        return
    if archive is None:
        raise UserError(
            f"{place} is missing, and no archive is given.",
            hint=f"Run `make deploy ENV={settings.name} ARTIFACT=FILE`.",
        )
    size = archive.stat().st_size
    with Steps(console) as steps:
        steps.begin("sha256", f"reading {archive}", size)
        verify(archive, key, partial(steps.advance, "sha256"))
        steps.done("sha256", "as the settings say")
        steps.begin("upload", f"to {place}", size)
        upload(s3, archive, bucket, key, partial(steps.advance, "upload"))
        steps.done("upload", f"{place}, {size / 1e6:.0f} MB")


def _check_archive(settings: Environment, archive: Path | None) -> None:
    if archive is None:
        return
    if settings.model.artifact == DEMO:
        raise UserError(
            f"model.artifact of {settings.name} is the demo model, so {archive} would not be used.",
            hint="Set model.artifact to models/<sha256 of the file>/blip2-endpoint.tar.gz.",
        )
    if not archive.is_file():
        raise UserError(f"{archive} is not a file.", hint="Name the model's archive.")
    check_goods(settings, archive)


def _confirm(settings: Environment, session: boto3.Session) -> None:
    account = account_id(session)
    answer = ask(f"Deploy {settings.name} into account {account}, region {settings.region}? [y/N] ")
    if answer.lower() not in ("y", "yes"):
        raise UserError("Nothing was deployed.")
