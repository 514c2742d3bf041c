"""`deploy`: the SDK's plain way from an archive to an endpoint, for one that no CloudFormation stack owns."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..definition import STARTUP_S, pytorch_model
from . import packaging
from .errors import ArtifactError
from .events import Events

if TYPE_CHECKING:
    import argparse

    import boto3
    from sagemaker import Session

LOGS = Path(__file__).resolve().parents[3] / ".vitrine"
_OWNER = "aws:cloudformation:stack-name"


class EndpointError(ArtifactError):
    """The endpoint was not deployed; the message says why, and what to do instead."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--endpoint", required=True, metavar="NAME", help="updated where it is there already")
    data = parser.add_mutually_exclusive_group(required=True)
    data.add_argument("--archive", type=Path, metavar="FILE", help="uploaded to the SDK's default bucket")
    data.add_argument("--model-data", metavar="URI", help="where the archive is already: s3://…")
    parser.add_argument("--role", required=True, metavar="ARN", help="what the container runs with")
    parser.add_argument("--instance-type", required=True, metavar="TYPE", help="such as ml.g4dn.xlarge")
    parser.add_argument("--image-uri", metavar="URI", help="in place of AWS's PyTorch image")
    parser.add_argument("--region", help="default: that of the AWS settings")


def run(given: argparse.Namespace) -> list[str]:
    """Deploy, wait until the endpoint is in service, and say what it serves."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    events = Events(LOGS / f"deploy-{given.endpoint}.jsonl", {"endpoint": given.endpoint})
    try:
        account = boto3.Session(region_name=given.region)
        # The SDK logs and draws to standard output, which is for the answer.
        with contextlib.redirect_stdout(sys.stderr):
            done, place = _deploy(given, account)
    except EndpointError as error:
        events.note("refused", reason=str(error))
        raise
    except (ClientError, BotoCoreError) as error:
        events.note("refused", reason=str(error))
        raise EndpointError(f"{given.endpoint}: AWS refuses: {error}") from error
    events.note(done, place=place)
    return [f"{given.endpoint}: {done}, serves {place}"]


def _deploy(given: argparse.Namespace, account: boto3.Session) -> tuple[str, str]:
    there = _is_there(account, given.endpoint)
    # The SDK announces its next major version, which has no PyTorchModel.
    os.environ.setdefault("SAGEMAKER_SUPPRESS_V2_WARNING", "1")
    from sagemaker import Session

    session = Session(boto_session=account, sagemaker_config={"SchemaVersion": "1.0"})
    place = given.model_data or _upload(session, given.archive)
    model = pytorch_model(session=session, role=given.role, model_data=place, image_uri=given.image_uri)
    try:
        model.deploy(
            initial_instance_count=1,
            instance_type=given.instance_type,
            endpoint_name=given.endpoint,
            update_endpoint=there,
            model_data_download_timeout=STARTUP_S,
            container_startup_health_check_timeout=STARTUP_S,
        )
    except ValueError as error:  # what the SDK raises when the endpoint turns Failed
        raise EndpointError(f"{given.endpoint}: does not start: {error}") from error
    return "updated" if there else "created", place


def _is_there(account: boto3.Session, endpoint: str) -> bool:
    """Whether there is such an endpoint; raises EndpointError where a stack owns it."""
    from botocore.exceptions import ClientError

    sagemaker = account.client("sagemaker")
    try:
        arn = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointArn"]
    except ClientError as error:
        if "ould not find" in str(error):
            return False
        raise
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    tags = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    if _OWNER in tags:
        raise EndpointError(
            f"{endpoint}: belongs to the CloudFormation stack {tags[_OWNER]}, which undoes changes; "
            "give it a new archive by `python -m ops release --env NAME --archive FILE`"
        )
    return True


def _upload(session: Session, archive: Path) -> str:
    bucket = session.default_bucket()
    key = packaging.key(packaging.sha256_of(archive))
    session.boto_session.client("s3").upload_file(str(archive), bucket, key)
    return f"s3://{bucket}/{key}"
