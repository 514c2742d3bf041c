"""The steps of a release in their order; what they need is handed in, so that an emulator can stand in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.errors import UserError
from cli.toml_file import with_artifact, write_whole
from model_artifacts.blip2.tools import packaging
from ops.aws.archive import upload
from ops.aws.resources import physical_ids, resources
from ops.aws.session import parameter_name
from ops.doctor.model import is_there
from ops.release.canary import CanaryFailed, canary, remove
from ops.release.canary_role import Permission
from ops.release.compare_answers import ask
from ops.release.interrupts import terminable
from settings.naming import stack_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import boto3
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

    from model_artifacts.blip2.tools.events import Events
    from model_artifacts.blip2.tools.photos import Case
    from services.core.domain.observation import Observation
    from settings.environment import Environment


@dataclass(frozen=True)
class Means:
    """What the steps work with."""

    session: boto3.Session
    runtime: SageMakerRuntimeClient
    check: Callable[[Path, str], object]
    look: Callable[[Path, Sequence[Case]], Sequence[Observation]]  # what an archive sees, on this machine
    start: Callable[[str, str, str], None]  # of an endpoint: name, role, where the archive is
    deploy: Callable[[], None]  # the model's stack, by the settings as they are then
    photos: Sequence[Case]
    sleep: Callable[[float], None]


def release(
    settings: Environment, file: Path, archive: Path, sha256: str, events: Events, means: Means
) -> bool:
    """Release an archive of this hash to the environment of these settings, which `file` holds.

    What a killed release left goes first. Returns False when the archive is the one that is served. Raises
    DeliveryError at the first step that fails: the settings are then as they were, and no canary is left.
    """
    key = packaging.key(sha256)
    permission = _permission(settings, means)
    _sweep(permission, events, means)
    if settings.model.artifact == key:
        events.note("unchanged")
        return False
    bucket, kms_key = _bucket(settings, means)
    known = _fly(settings, archive, events, means)
    _bring(means.session.client("s3"), archive, bucket, key, events)
    _prove(permission, f"{bucket}/{key}", kms_key, known, events, means)
    with terminable():
        _take_over(file, key, events, means)
    events.note("released", key=key)
    return True


def _permission(settings: Environment, means: Means) -> Permission:
    stack = stack_name(settings.name, "model")
    held = resources(means.session.client("cloudformation"), stack)
    models = physical_ids(held, "AWS::SageMaker::Model")
    if not models:
        raise UserError(
            f"The stack {stack} holds no model, so there is no role for the canary.",
            hint=f"Run `make deploy ENV={settings.name}` first.",
        )
    described = means.session.client("sagemaker").describe_model(ModelName=models[0].rpartition("/")[2])
    return Permission(means.session, described["ExecutionRoleArn"], f"{settings.model.endpoint_name}-canary")


def _sweep(permission: Permission, events: Events, means: Means) -> None:
    sagemaker = means.session.client("sagemaker")
    left = [permission.withdraw(), remove(sagemaker, permission.endpoint, means.sleep)]
    if any(left):
        events.note("leftovers_removed", endpoint=permission.endpoint)


def _fly(settings: Environment, archive: Path, events: Events, means: Means) -> Sequence[Observation]:
    try:
        means.check(archive, settings.model.instance_type)
        known = means.look(archive, means.photos)
    except Exception as error:
        events.note("flight_check_failed", reason=str(error))
        raise
    events.note("flight_checked", instance_type=settings.model.instance_type)
    return known


def _bucket(settings: Environment, means: Means) -> tuple[str, str | None]:
    name = parameter_name(settings, "artifact-bucket")
    ssm = means.session.client("ssm")
    try:
        bucket = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound as error:
        raise UserError(
            f"{settings.name} has no artifact bucket: it is not deployed in this account.",
            hint=f"Run `make deploy ENV={settings.name}` first.",
        ) from error
    rules = means.session.client("s3").get_bucket_encryption(Bucket=bucket)
    default = rules["ServerSideEncryptionConfiguration"]["Rules"][0].get("ApplyServerSideEncryptionByDefault")
    if default is None or default["SSEAlgorithm"] != "aws:kms":
        raise UserError(
            f"The bucket {bucket} encrypts with no KMS key, so anyone who may list it could read the model.",
            hint=f"Deploy the storage stack again: `make deploy ENV={settings.name}`.",
        )
    return bucket, default.get("KMSMasterKeyID")


def _bring(s3: S3Client, archive: Path, bucket: str, key: str, events: Events) -> None:
    where = f"s3://{bucket}/{key}"
    if is_there(s3, bucket, key):
        events.note("upload_present", place=where)
        return
    earlier = upload(s3, archive, bucket, key, lambda _count: None)
    events.note("uploaded", place=where, bytes=archive.stat().st_size, of_them_earlier=earlier)


def _prove(
    permission: Permission,
    place: str,
    kms_key: str | None,
    known: Sequence[Observation],
    events: Events,
    means: Means,
) -> None:
    name, sagemaker = permission.endpoint, means.session.client("sagemaker")
    try:
        with (
            permission.given(place, kms_key, means.sleep),
            canary(sagemaker, name, lambda: means.start(name, permission.role, f"s3://{place}"), means.sleep),
        ):
            events.note("canary_started", endpoint=name)
            largest = ask(means.runtime, name, means.photos, known)
            events.note(
                "canary_answered",
                endpoint=name,
                photos=len(means.photos),
                largest_difference=round(largest, 4),
            )
    except CanaryFailed as error:
        events.note("canary_failed", endpoint=name, reason=str(error))
        raise
    except KeyboardInterrupt:
        events.note("canary_interrupted", endpoint=name)
        raise
    events.note("canary_gone", endpoint=name)


def _take_over(file: Path, key: str, events: Events, means: Means) -> None:
    before = file.read_bytes()
    write_whole(file, with_artifact(before.decode(), key).encode())
    events.note("settings_written", file=str(file))
    try:
        means.deploy()
    except BaseException as error:
        write_whole(file, before)
        events.note("deployment_failed", reason=str(error) or type(error).__name__, settings="restored")
        raise
    events.note("deployed")
