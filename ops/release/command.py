"""`python -m ops release`: the account and the tools with which the steps of a release run."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cli import cdk
from cli.subprocess import ROOT
from model_artifacts.blip2.definition import STARTUP_S, pytorch_model, sdk_session
from model_artifacts.blip2.tools import packaging
from model_artifacts.blip2.tools.deploy import Events
from model_artifacts.blip2.tools.flight_check.command import flight_check
from model_artifacts.blip2.tools.replay import PhotoSet, observe, photo_sets
from ops.aws.account import settings_file
from ops.commands.deploy import deploy_model_stack
from ops.release.release import Tools, release

if TYPE_CHECKING:
    from collections.abc import Callable

    import boto3
    from rich.console import Console

    from settings.environment import Environment


def release_archive(
    settings: Environment, session: boto3.Session, console: Console, *, named: str, archive: Path
) -> None:
    """Release an archive to the environment `named`, and print which archive it serves then.

    Each step adds a line to .vitrine/release-<environment>.jsonl. Raises UserError or ArtifactError at the
    first step that fails.
    """
    log = cdk.TOOLS / f"release-{settings.name}.jsonl"
    sha256 = packaging.sha256_of(archive)
    tools = Tools(
        session=session,
        runtime=session.client("sagemaker-runtime"),
        flight_check=flight_check,
        observe=observe,
        start_endpoint=sdk_start(settings, session),
        deploy=lambda: deploy_model_stack(session, named=named, report=console.print),
        photos=known_photos(),
        sleep=time.sleep,
    )
    events = Events(log, {"env": settings.name, "sha256": sha256})
    released = release(settings, settings_file(named), archive, sha256, events, tools)
    console.print(f"{settings.name}: {'released' if released else 'unchanged'} {sha256}")
    console.print(f"events: {log}")


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
