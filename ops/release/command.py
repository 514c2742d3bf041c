"""`release --env NAME --archive FILE`: the steps, with the account and the tools that they work with."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cli import cdk
from cli.errors import UserError
from cli.subprocess import ROOT
from model_artifacts.blip2.tools import packaging
from model_artifacts.blip2.tools.errors import ArtifactError
from model_artifacts.blip2.tools.events import Events
from model_artifacts.blip2.tools.flight_check.command import check
from model_artifacts.blip2.tools.photos import Case, cases
from model_artifacts.blip2.tools.replay import look
from ops.aws.session import environment, session
from ops.release.release import Means, release
from settings.environment import FOLDER, Environment, SettingsError
from settings.naming import stack_name

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    import boto3

_TOML = ".toml"


class ReleaseError(ArtifactError):
    """The archive was not released; the message says why, and what to do about it."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--env", required=True, metavar="NAME", help="an environment, or a .toml file's path")
    parser.add_argument("--archive", type=Path, required=True, metavar="FILE", help="what `package` built")


def run(given: argparse.Namespace) -> list[str]:
    """Release, and say which archive the environment serves; raise ReleaseError where it fails."""
    try:
        settings = environment(given.env)
        account = session(settings)
        file = Path(given.env) if given.env.endswith(_TOML) else FOLDER / f"{given.env}{_TOML}"
        log = cdk.TOOLS / f"release-{settings.name}.jsonl"
        sha256 = packaging.sha256_of(given.archive)
        events = Events(log, {"env": settings.name, "sha256": sha256})
        means = Means(
            session=account,
            runtime=account.client("sagemaker-runtime"),
            check=check,
            look=look,
            start=sdk_start(settings, account),
            deploy=lambda: _deploy(given.env, settings.name),
            photos=known_photos(),
            sleep=time.sleep,
        )
        changed = release(settings, file, given.archive, sha256, events, means)
    except UserError as error:
        raise ReleaseError(f"{error} {error.hint}".rstrip()) from error
    except SettingsError as error:
        raise ReleaseError(str(error)) from error
    except (ClientError, BotoCoreError) as error:
        raise ReleaseError(f"AWS refuses: {error} Run `make doctor ENV={given.env}`.") from error
    return [f"{settings.name}: {'released' if changed else 'unchanged'} {sha256}", f"events: {log}"]


def sdk_start(settings: Environment, account: boto3.Session) -> Callable[[str, str, str], None]:
    """What starts an endpoint as the stack would, by the SDK; it returns when the endpoint is in service."""

    def start(name: str, role: str, place: str) -> None:
        # The SDK logs and draws to standard output, which is for the command's answer.
        with contextlib.redirect_stdout(sys.stderr):
            os.environ.setdefault("SAGEMAKER_SUPPRESS_V2_WARNING", "1")
            from sagemaker import Session

            from model_artifacts.blip2.definition import STARTUP_S, pytorch_model

            sdk = Session(boto_session=account, sagemaker_config={"SchemaVersion": "1.0"})
            model = pytorch_model(
                session=sdk, role=role, model_data=place, image_uri=settings.model.image_uri
            )
            model.name = name
            model._enable_network_isolation = settings.model.network_isolation  # the SDK's only way in late
            model.deploy(
                initial_instance_count=1,
                instance_type=settings.model.instance_type,
                inference_ami_version=settings.model.inference_ami_version,
                endpoint_name=name,
                model_data_download_timeout=STARTUP_S,
                container_startup_health_check_timeout=STARTUP_S,
            )

    return start


def known_photos() -> list[Case]:
    """The example photos, as the service sends them."""
    files = sorted(str(file) for file in (ROOT / "examples" / "photos").glob("*.jpg"))
    return [Case(Path(case.name).name, case.photos) for case in cases(files, 0)]


def _deploy(named: str, name: str) -> None:
    assembly = cdk.TOOLS / f"assembly-{name}"
    cdk.synth(named, assembly)
    cdk.deploy(assembly, [stack_name(name, "model")], asking=False)
