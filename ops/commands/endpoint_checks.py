"""The endpoint answers about the sample photo, asked as the service asks it: in the call, or by an object."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.cdk import ROOT
from cli.errors import DENIED, UserError, code_of
from client.follow import WITHIN_S
from ops.goods import selected_goods
from services.core.aws import CALL_ERRORS
from services.core.domain.errors import CatalogueMismatch, ModelFault
from services.core.domain.observation import Observation, PendingInference
from services.core.photos.photo import prepare
from services.core.vision.async_endpoint import PROBE, AsyncVisionEndpoint
from services.core.vision.endpoint import RealtimeVisionEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

    from cli.progress import Steps
    from settings.environment import Environment

SAMPLE = ROOT / "examples" / "photos" / "drawn-mug.jpg"
_POLL_S = 5.0
_STEP = "endpoint"
UNCALIBRATED = (
    "! Its probabilities are not calibrated: run `python -m model_artifacts.blip2 calibrate` on labelled "
    "photos, then package and release the model."
)


def realtime_answers(settings: Environment, runtime: SageMakerRuntimeClient) -> str:
    """Call the endpoint, and return what it sees; raise UserError for a wrong answer."""
    name = settings.model.endpoint_name
    goods, tiles = selected_goods(settings), settings.catalogue.wear_tiles
    try:
        return _seen(name, RealtimeVisionEndpoint(runtime, name, goods, tiles).observe([_photo()]))
    except ModelFault as fault:
        raise _explained(name, fault) from fault


def async_answers(
    settings: Environment,
    runtime: SageMakerRuntimeClient,
    s3: S3Client,
    bucket: str,
    steps: Steps,
    within_s: float = WITHIN_S,
) -> str:
    """Send a request, wait `within_s` for its answer in the bucket, and return what the endpoint sees.

    An endpoint at zero instances wakes first. The outcome is deleted, also after an error. Raises UserError
    for a wrong answer and for none, ClientError where the credentials may not make a call.
    """
    name = settings.model.endpoint_name
    endpoint = AsyncVisionEndpoint(
        runtime,
        s3,
        endpoint=name,
        bucket=bucket,
        kms_key_id=None,
        catalogue=selected_goods(settings),
        wear_tiles=settings.catalogue.wear_tiles,
    )
    steps.begin(_STEP, f"asking {name}; at zero instances it takes 5–10 minutes to wake")
    try:
        pending = endpoint.infer(PROBE, [_photo()], 1)
        try:
            for _ in _polls(within_s):
                match endpoint.result(pending, 1):
                    case Observation() as observation:
                        steps.done(_STEP, "has answered")
                        return _seen(name, observation)
                _refuse_failure(name, s3, bucket, pending)
                steps.remind(_STEP, "no answer yet")
        finally:
            with suppress(*CALL_ERRORS):
                endpoint.delete(pending.output_key, pending.failure_key)
    except ModelFault as fault:
        raise _explained(name, fault) from fault
    raise UserError(
        f"The endpoint {name} gave no answer within {within_s / 60:.0f} minutes.",
        hint=f"See its scaling activities and the log /aws/sagemaker/Endpoints/{name}: it has no instance, "
        "or its container does not start.",
    )


def _polls(within_s: float) -> Iterator[None]:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        yield
        time.sleep(_POLL_S)


def _refuse_failure(name: str, s3: S3Client, bucket: str, pending: PendingInference) -> None:
    # Its text is the container's, so it is not shown.
    if pending.failure_key is None:
        return
    try:
        s3.head_object(Bucket=bucket, Key=pending.failure_key)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchKey", "NotFound"):
            return
        raise
    raise UserError(
        f"The endpoint {name} failed to answer the sample photo.",
        hint=f"See the log /aws/sagemaker/Endpoints/{name}: image, packages or archive.",
    )


def _photo() -> bytes:
    return prepare(SAMPLE.read_bytes(), SAMPLE.name).model_jpeg


def _seen(name: str, observation: Observation) -> str:
    kinds = ", ".join(f"{kind.name} {kind.p:.0%}" for kind in observation.kinds[:1]) or "no kind"
    known = f"by {observation.artifact}, catalogue {observation.catalogue}"
    line = f"✓ the endpoint {name} sees: {kinds}; {known}"
    return line if observation.calibrated else f"{line}\n{UNCALIBRATED}"


def _explained(name: str, fault: ModelFault) -> Exception:
    cause = fault.__cause__
    if isinstance(cause, ClientError):
        if code_of(cause) in DENIED:
            return cause
    elif isinstance(cause, CALL_ERRORS):
        return UserError(f"The model does not answer: {cause}.", hint="Try again.")
    if isinstance(fault, CatalogueMismatch):
        return UserError(
            f"The endpoint {name} has another catalogue than the services: {fault}.",
            hint="Wait until a deployment has ended. Else package the model with the committed catalogue and "
            "release it, or deploy the commit that its archive was packaged from.",
        )
    return UserError(
        f"The model gives no valid answer: {fault}.",
        hint=f"See the log /aws/sagemaker/Endpoints/{name}: role, image, packages or archive.",
    )
