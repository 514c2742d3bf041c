"""A temporary endpoint of the new archive: asked about known photos, and gone whatever happens."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from delivery.errors import DeliveryError
from delivery.findings import code_of
from services.core.errors import VitrineError
from services.core.model import VisionModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

POLICY = "vitrine-release-canary"
# SageMaker sees a new permission of the role after some seconds, and deletes no endpoint while it is made.
_PERMISSION_S = 15.0
_EACH_S = 10.0
_GONE_WITHIN_S = 1800.0


class CanaryFailed(DeliveryError):
    """The new archive does not start, or answers wrongly; nothing that serves has changed."""


@contextlib.contextmanager
def canary(
    sagemaker: SageMakerClient,
    name: str,
    start: Callable[[], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Start an endpoint of this name and delete it, its configuration and its model afterwards.

    What a killed run left goes first.
    """
    remove(sagemaker, name, sleep)
    with terminable():
        try:
            try:
                start()
            except ClientError as error:
                raise CanaryFailed(f"The endpoint {name} is refused: {error}.") from error
            except (ValueError, RuntimeError) as error:  # what the SDK raises when it turns Failed
                raise CanaryFailed(
                    f"The endpoint {name} does not start: {error}.",
                    cure=f"See /aws/sagemaker/Endpoints/{name}.",
                ) from error
            yield
        finally:
            with _undisturbed():
                remove(sagemaker, name, sleep)


def ask(
    runtime: SageMakerRuntimeClient, name: str, photos: Mapping[str, bytes], artifact: str | None
) -> None:
    """Ask about each photo as the service does; raise CanaryFailed at an answer that it could not use.

    `artifact`: what the archive says it is, and so must each answer.
    """
    model = VisionModel(runtime, name)
    for photo, content in photos.items():
        try:
            seen = model.look([content])
        except VitrineError as error:
            raise CanaryFailed(f"{photo}: {error}.", cure=f"See /aws/sagemaker/Endpoints/{name}.") from error
        if artifact is not None and seen.artifact != artifact:
            raise CanaryFailed(f"{photo}: {seen.artifact} answers, and the archive holds {artifact}.")


def remove(sagemaker: SageMakerClient, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
    """Delete endpoint, configuration and model of a name, those that are there; wait until they are gone."""
    attempts = int(_GONE_WITHIN_S / _EACH_S)
    for _ in range(attempts):
        try:
            status = sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
            if status not in ("Creating", "Updating", "Deleting"):
                sagemaker.delete_endpoint(EndpointName=name)
                continue
        except ClientError as error:
            if not _absent(error):
                raise
            break
        sleep(_EACH_S)
    else:
        raise DeliveryError(
            f"The endpoint {name} is not gone after {_GONE_WITHIN_S / 60:.0f} minutes, and it costs money.",
            cure=f"Run `aws sagemaker delete-endpoint --endpoint-name {name}`.",
        )
    deletions: tuple[Callable[[], object], ...] = (
        lambda: sagemaker.delete_endpoint_config(EndpointConfigName=name),
        lambda: sagemaker.delete_model(ModelName=name),
    )
    for delete in deletions:
        try:
            delete()
        except ClientError as error:
            if not _absent(error):
                raise


@contextlib.contextmanager
def may_read(
    iam: Any,
    role: str,
    objects: str,
    key: str | None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Let the model's role read the new archive while the canary lives: by itself it reads only its own."""
    statements = [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": objects}]
    if key is not None:
        statements.append({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key})
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    name = role.rsplit("/", 1)[1]
    with terminable():
        try:
            iam.put_role_policy(RoleName=name, PolicyName=POLICY, PolicyDocument=document)
            sleep(_PERMISSION_S)
            yield
        finally:
            with contextlib.suppress(iam.exceptions.NoSuchEntityException), _undisturbed():
                iam.delete_role_policy(RoleName=name, PolicyName=POLICY)


def _absent(error: ClientError) -> bool:
    said = error.response.get("Error", {}).get("Message", "")
    return code_of(error) in ("ValidationException", "ResourceNotFound") and "ould not find" in said


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def terminable() -> Iterator[None]:
    """Within it, SIGTERM ends the block as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    # A second Ctrl-C must not leave behind what the first one is deleting.
    def wait(_signal: int, _frame: FrameType | None) -> None:
        sys.stderr.write("Deleting the canary first: it costs money.\n")

    before = {one: signal.signal(one, wait) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
