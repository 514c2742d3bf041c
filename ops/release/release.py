"""`python -m ops release`: the steps of a release in their order, and the tools that they work with."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli import cdk
from cli.cdk import ROOT
from cli.errors import UserError
from cli.settings_file import settings_file, write_atomically
from model_artifacts.blip2.definition import STARTUP_S, pytorch_model, sdk_session
from model_artifacts.blip2.tools import packaging
from model_artifacts.blip2.tools.catalogue_file import load
from model_artifacts.blip2.tools.deploy import Events
from model_artifacts.blip2.tools.flight_check.command import flight_check
from model_artifacts.blip2.tools.replay import PhotoSet, photo_sets
from ops.aws.archive import object_exists, upload
from ops.commands.pause import changed_settings, deploy_model_stack, refuse_to_take_back, with_archive
from ops.goods import check_goods
from ops.release.canary import CanaryFailed, answers_here, canary, compare_answers, remove
from settings.naming import parameter_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import boto3
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient
    from rich.console import Console

    from catalogue import Catalogue
    from services.core.domain.observation import Observation
    from settings.environment import Environment


@dataclass(frozen=True)
class Tools:
    """What the steps of a release work with."""

    session: boto3.Session
    runtime: SageMakerRuntimeClient
    flight_check: Callable[[Path, str], object]  # archive, instance type
    answers_here: Callable[[Path, Sequence[PhotoSet], Catalogue], Sequence[Observation]]
    start_endpoint: Callable[[str, str, str], None]  # name, role ARN, the archive's s3:// address
    deploy: Callable[[], None]  # the model stack, by the settings as they are then
    photos: Sequence[PhotoSet]
    goods: Catalogue  # all that the archive is asked about


def release_archive(
    settings: Environment,
    session: boto3.Session,
    console: Console,
    *,
    named: str,
    archive: Path,
    any_commit: bool = False,
) -> None:
    """Release an archive to the environment `named`, and print which archive it serves then.

    Each step adds a line to .vitrine/release-<environment>.jsonl. Raises UserError or ArtifactError at the
    first step that fails, and where this checkout lacks what is deployed, unless `any_commit`.
    """

    def deploy() -> None:
        # Asked again: meanwhile, for as long as a canary takes, another commit may have been deployed.
        refuse_to_take_back(settings, session, console.print, any_commit=any_commit)
        deploy_model_stack(session, named=named, report=console.print)

    refuse_to_take_back(settings, session, console.print, any_commit=any_commit)
    log = cdk.TOOLS / f"release-{settings.name}.jsonl"
    sha256 = packaging.sha256_of(archive)
    tools = Tools(
        session=session,
        runtime=session.client("sagemaker-runtime"),
        flight_check=flight_check,
        answers_here=answers_here,
        start_endpoint=sdk_start(settings, session),
        deploy=deploy,
        photos=known_photos(),
        goods=load(settings.catalogue.goods),
    )
    events = Events(log, {"env": settings.name, "sha256": sha256})
    released = release(settings, settings_file(named), archive, sha256, events, tools)
    console.print(f"{settings.name}: {'released' if released else 'unchanged'} {sha256}")
    console.print(f"events: {log}")


def release(
    settings: Environment, file: Path, archive: Path, sha256: str, events: Events, tools: Tools
) -> bool:
    """Release an archive of this hash to the environment of these settings, which are in `file`.

    First deletes what a killed release left. Returns False when the archive is served already; the settings
    then get its catalogue's version if they lack it. Raises UserError at the first step that fails: the
    settings are then unchanged, and no canary is left.
    """
    key, name = packaging.key(sha256), settings.model.canary_name
    if remove(tools.session.client("sagemaker"), name):
        events.note("leftovers_removed", endpoint=name)
    goods = _check_goods(settings, archive, events)
    if settings.model.artifact == key:
        if settings.model.catalogue_version != goods:
            # An archive that `make deploy` uploaded has no version beside it.
            write_atomically(file, with_archive(file.read_bytes().decode(), key, goods).encode())
            events.note("settings_written", file=str(file))
        events.note("unchanged")
        return False
    bucket = _published(settings, tools, "ArtifactBucket")
    role = _published(settings, tools, "CanaryRoleArn")
    expected = _flight_check(settings, archive, events, tools)
    _upload(tools.session.client("s3"), archive, bucket, key, events)
    _prove(name, role, f"s3://{bucket}/{key}", expected, events, tools)
    _switch(file, key, goods, events, tools)
    events.note("released", key=key, catalogue=goods)
    return True


def remove_canary(settings: Environment, session: boto3.Session, report: Callable[[str], object]) -> None:
    """Delete the canary that an interrupted release left, so that it costs nothing.

    A release deletes it too, before it begins.
    """
    name = settings.model.canary_name
    report(f"✓ {name} is {'deleted' if remove(session.client('sagemaker'), name) else 'not there'}")


def _check_goods(settings: Environment, archive: Path, events: Events) -> str:
    try:
        return check_goods(settings, archive)
    except UserError as error:
        events.note("catalogue_refused", reason=str(error))
        raise


def _flight_check(
    settings: Environment, archive: Path, events: Events, tools: Tools
) -> Sequence[Observation]:
    try:
        tools.flight_check(archive, settings.model.instance_type)
        expected = tools.answers_here(archive, tools.photos, tools.goods)
    except Exception as error:
        events.note("flight_check_failed", reason=str(error))
        raise
    events.note("flight_checked", instance_type=settings.model.instance_type)
    return expected


def _published(settings: Environment, tools: Tools, output: str) -> str:
    ssm, name = tools.session.client("ssm"), parameter_name(settings.name, output)
    try:
        return ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound as error:
        raise UserError(
            f"This account has no parameter {name}: {settings.name} is not deployed here, or by a version "
            "without it.",
            hint=f"Run `make deploy ENV={settings.name}` first.",
        ) from error


def _upload(s3: S3Client, archive: Path, bucket: str, key: str, events: Events) -> None:
    place = f"s3://{bucket}/{key}"
    if object_exists(s3, bucket, key):
        events.note("upload_present", place=place)
        return
    upload(s3, archive, bucket, key)
    events.note("uploaded", place=place, bytes=archive.stat().st_size)


def _prove(
    name: str,
    role: str,
    place: str,
    expected: Sequence[Observation],
    events: Events,
    tools: Tools,
) -> None:
    def start() -> None:
        tools.start_endpoint(name, role, place)

    try:
        with canary(tools.session.client("sagemaker"), name, start):
            events.note("canary_started", endpoint=name)
            largest = compare_answers(tools.runtime, name, tools.photos, expected, tools.goods)
            events.note(
                "canary_answered",
                endpoint=name,
                photos=len(tools.photos),
                largest_difference=round(largest, 4),
            )
    except CanaryFailed as error:
        events.note("canary_failed", endpoint=name, reason=str(error))
        raise
    except KeyboardInterrupt:
        events.note("canary_interrupted", endpoint=name)
        raise
    events.note("canary_gone", endpoint=name)


def _switch(file: Path, key: str, goods: str, events: Events, tools: Tools) -> None:
    with changed_settings(file, lambda text: with_archive(text, key, goods)):
        events.note("settings_written", file=str(file))
        try:
            tools.deploy()
        except BaseException as error:
            events.note("deployment_failed", reason=str(error) or type(error).__name__, settings="restored")
            raise
    events.note("deployed")


def sdk_start(settings: Environment, session: boto3.Session) -> Callable[[str, str, str], None]:
    """Return a function that starts an endpoint as the stack does, by SageMaker's SDK.

    The function returns when the endpoint is in service.
    """

    def start(name: str, role: str, place: str) -> None:
        # The SDK logs and draws on standard output, which is for the command's result.
        with contextlib.redirect_stdout(sys.stderr):
            model = pytorch_model(
                session=sdk_session(session), role=role, model_data=place, image_uri=settings.model.image_uri
            )
            model.name = name
            # The SDK has no public way to set this after construction.
            model._enable_network_isolation = settings.model.network_isolation
            model.deploy(
                initial_instance_count=1,
                instance_type=settings.model.instance_type,
                inference_ami_version=settings.model.inference_ami_version,
                endpoint_name=name,
                model_data_download_timeout=STARTUP_S,
                container_startup_health_check_timeout=STARTUP_S,
            )

    return start


def known_photos() -> list[PhotoSet]:
    """Return the example photos, as the service sends them to the model."""
    files = sorted(str(file) for file in (ROOT / "examples" / "photos").glob("*.jpg"))
    return [PhotoSet(Path(one.name).name, one.photos) for one in photo_sets(files, 0)]
