"""`deploy`: deploys an archive by SageMaker's SDK, to an endpoint that no CloudFormation stack owns."""

from __future__ import annotations

import contextlib
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ..definition import STARTUP_S, pytorch_model, sdk_session
from . import packaging
from .errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3
    from sagemaker import Session

LOGS = Path(__file__).resolve().parents[3] / ".vitrine"
_OWNER = "aws:cloudformation:stack-name"


@dataclass(frozen=True)
class Events:
    """A log of a deployment's or release's events; the keys of `about` are in every JSON line."""

    file: Path
    about: Mapping[str, str]

    def note(self, event: str, **more: str | float) -> None:
        """Append an event to the file and print it on standard error."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": now, "event": event, **self.about, **more}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line, ensure_ascii=False) + "\n")
        said = ", ".join(f"{key} {value}" for key, value in more.items())
        words = event.replace("_", " ") + (f": {said}" if said else "")
        # The first digits of a hash are enough to recognise it.
        about = " ".join(value[:20] for value in self.about.values())
        sys.stderr.write(f"{now[11:19]} {about} {words}\n")


def deploy(
    endpoint: str,
    source: Path | str,
    role: str,
    instance_type: str,
    *,
    image_uri: str | None = None,
    region: str | None = None,
) -> str:
    """Create or update the endpoint, wait until it is in service, and return what it serves, in words.

    `source` is an archive's file, or the s3:// URL of an uploaded archive. Each outcome is an event in
    `.vitrine/deploy-ENDPOINT.jsonl`. Raises ArtifactError if AWS refuses or a stack owns the endpoint.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    events = Events(LOGS / f"deploy-{endpoint}.jsonl", {"endpoint": endpoint})
    try:
        account = boto3.Session(region_name=region)
        # The SDK logs to standard output, which is for the command's result.
        with contextlib.redirect_stdout(sys.stderr):
            exists = _exists(account, endpoint)
            session = sdk_session(account)
            place = _upload(session, source) if isinstance(source, Path) else source
            model = pytorch_model(session=session, role=role, model_data=place, image_uri=image_uri)
            model.deploy(
                initial_instance_count=1,
                instance_type=instance_type,
                endpoint_name=endpoint,
                update_endpoint=exists,
                model_data_download_timeout=STARTUP_S,
                container_startup_health_check_timeout=STARTUP_S,
            )
    except (ArtifactError, ClientError, BotoCoreError, ValueError) as error:
        events.note("refused", reason=str(error))
        if isinstance(error, ArtifactError):
            raise
        # The SDK's error for an endpoint with the status Failed is a ValueError.
        problem = "is not in service" if isinstance(error, ValueError) else "AWS refuses"
        raise ArtifactError(f"{endpoint}: {problem}: {error}") from error
    outcome = "updated" if exists else "created"
    events.note(outcome, place=place)
    return f"{endpoint}: {outcome}, serves {place}"


def _exists(account: boto3.Session, endpoint: str) -> bool:
    """Whether the endpoint exists; raises ArtifactError if a stack owns it."""
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
        raise ArtifactError(
            f"{endpoint}: belongs to the CloudFormation stack {tags[_OWNER]}, which undoes changes; "
            "give it a new archive by `python -m ops release --env NAME --archive FILE`"
        )
    return True


def _upload(session: Session, archive: Path) -> str:
    bucket = session.default_bucket()
    key = packaging.key(packaging.sha256_of(archive))
    session.boto_session.client("s3").upload_file(str(archive), bucket, key)
    return f"s3://{bucket}/{key}"
