"""A temporary endpoint of the new archive, which is gone whatever happens."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.errors import UserError
from cli.findings import code_of
from ops.release.interrupts import terminable, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_sagemaker import SageMakerClient

# SageMaker deletes no endpoint while it is made.
_EACH_S = 10.0
_GONE_WITHIN_S = 1800.0


class CanaryFailed(UserError):
    """The new archive does not start, or answers wrongly; nothing that serves has changed."""

    def __init__(self, endpoint: str, why: str) -> None:
        super().__init__(why, hint=f"See the log /aws/sagemaker/Endpoints/{endpoint}: it is kept for a week.")


@contextlib.contextmanager
def canary(
    sagemaker: SageMakerClient,
    name: str,
    start: Callable[[], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Start an endpoint of this name and delete it, its configuration and its model afterwards."""
    with terminable():
        try:
            try:
                start()
            except ClientError as error:
                raise CanaryFailed(name, f"The endpoint {name} is refused: {error}.") from error
            except (ValueError, RuntimeError) as error:  # what the SDK raises when it turns Failed
                raise CanaryFailed(name, f"The endpoint {name} does not start: {error}.") from error
            yield
        finally:
            with undisturbed():
                remove(sagemaker, name, sleep)


def remove(sagemaker: SageMakerClient, name: str, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Delete endpoint, configuration and model of a name, and wait until they are gone.

    Returns whether any of them was there.
    """
    found = _remove_endpoint(sagemaker, name, sleep)
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
        else:
            found = True
    return found


def _remove_endpoint(sagemaker: SageMakerClient, name: str, sleep: Callable[[float], None]) -> bool:
    found = False
    for _ in range(int(_GONE_WITHIN_S / _EACH_S)):
        try:
            status = sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
            found = True
            if status not in ("Creating", "Updating", "Deleting"):
                sagemaker.delete_endpoint(EndpointName=name)
                continue
        except ClientError as error:
            if not _absent(error):
                raise
            return found
        sleep(_EACH_S)
    raise UserError(
        f"The endpoint {name} is not gone after {_GONE_WITHIN_S / 60:.0f} minutes, and it costs money.",
        hint=f"Run `aws sagemaker delete-endpoint --endpoint-name {name}`.",
    )


def _absent(error: ClientError) -> bool:
    said = error.response.get("Error", {}).get("Message", "")
    return code_of(error) in ("ValidationException", "ResourceNotFound") and "ould not find" in said
