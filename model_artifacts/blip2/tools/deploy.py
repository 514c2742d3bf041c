"""`deploy`: deploys an archive by SageMaker's SDK, to an endpoint that no CloudFormation stack owns."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..definition import STARTUP_S, pytorch_model
from . import packaging
from .errors import EndpointError
from .events import Events

if TYPE_CHECKING:
    import boto3
    from sagemaker import Session

LOGS = Path(__file__).resolve().parents[3] / ".vitrine"
_OWNER = "aws:cloudformation:stack-name"


@dataclass(frozen=True)
class Deployment:
    """What to deploy: `source` is an archive's file, or the s3:// URL of an uploaded archive."""

    endpoint: str
    source: Path | str
    role: str
    instance_type: str
    image_uri: str | None = None


def deploy(deployment: Deployment, region: str | None = None) -> str:
    """Create or update the endpoint, wait until it is in service, and return what it serves, in words.

    Raises EndpointError. Each outcome is an event in `.vitrine/deploy-ENDPOINT.jsonl`.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    name = deployment.endpoint
    events = Events(LOGS / f"deploy-{name}.jsonl", {"endpoint": name})
    try:
        account = boto3.Session(region_name=region)
        # The SDK logs to standard output, which is for the command's result.
        with contextlib.redirect_stdout(sys.stderr):
            outcome, place = _deploy(deployment, account)
    except EndpointError as error:
        events.note("refused", reason=str(error))
        raise
    except (ClientError, BotoCoreError) as error:
        events.note("refused", reason=str(error))
        raise EndpointError(f"{name}: AWS refuses: {error}") from error
    events.note(outcome, place=place)
    return f"{name}: {outcome}, serves {place}"


def _deploy(deployment: Deployment, account: boto3.Session) -> tuple[str, str]:
    name = deployment.endpoint
    exists = _exists(account, name)
    # The SDK announces its next major version, which has no PyTorchModel.
    os.environ.setdefault("SAGEMAKER_SUPPRESS_V2_WARNING", "1")
    from sagemaker import Session

    session = Session(boto_session=account, sagemaker_config={"SchemaVersion": "1.0"})
    source = deployment.source
    place = _upload(session, source) if isinstance(source, Path) else source
    model = pytorch_model(
        session=session, role=deployment.role, model_data=place, image_uri=deployment.image_uri
    )
    try:
        model.deploy(
            initial_instance_count=1,
            instance_type=deployment.instance_type,
            endpoint_name=name,
            update_endpoint=exists,
            model_data_download_timeout=STARTUP_S,
            container_startup_health_check_timeout=STARTUP_S,
        )
    except ValueError as error:  # the SDK's error for an endpoint with the status Failed
        raise EndpointError(f"{name}: does not start: {error}") from error
    return "updated" if exists else "created", place


def _exists(account: boto3.Session, endpoint: str) -> bool:
    """Whether the endpoint exists; raises EndpointError if a stack owns it."""
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
