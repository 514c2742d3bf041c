"""The model's container as its one definition says: SageMaker's SDK is asked beside the synthesis."""

import functools
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
import jsii

from stacks.sections import Model

ROOT = Path(__file__).resolve().parent.parent
DEFINITION = ROOT / "model_artifacts" / "blip2" / "definition.py"
ANSWERS = ROOT / ".vitrine" / "containers"
_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="container")
_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<name>[^:@]+)"
)


class ContainerError(Exception):
    """The SDK knows no container for these settings; the message is its own."""


def primary_container(settings: Model, region: str, model_data_url: str) -> cdk.IResolvable:
    """Return CreateModel's container for an archive. Resolved when the stack is written, not before.

    Importing the SDK takes as long as all other stacks: it runs in a process of its own while they are made.
    """
    definition = _definition(region, settings.instance_type, settings.image_uri)
    produce = _Later(lambda: _in_cdk_words(definition.result() | {"ModelDataUrl": model_data_url}))
    return cdk.Lazy.any(cast("cdk.IStableAnyProducer", produce))


def image_repository_arn(settings: Model, region: str) -> str:
    """Return the ARN of the ECR repository that the container's image is pulled from, resolved as late."""
    definition = _definition(region, settings.instance_type, settings.image_uri)
    produce = _Later(lambda: repository_arn(definition.result()["Image"]))
    return cdk.Lazy.string(cast("cdk.IStableStringProducer", produce))


def repository_arn(image: str) -> str:
    """Return the ARN of an image's repository; raises ContainerError when it lies elsewhere than in ECR."""
    found = _ECR.match(image)
    if found is None:
        raise ContainerError(f"{image}: is in no ECR repository, and SageMaker pulls from no other place")
    return f"arn:{cdk.Aws.PARTITION}:ecr:{found['region']}:{found['account']}:repository/{found['name']}"


def _in_cdk_words(definition: dict[str, Any]) -> dict[str, Any]:
    return {name[0].lower() + name[1:]: value for name, value in definition.items()}


@jsii.implements(cdk.IStableAnyProducer, cdk.IStableStringProducer)
class _Later:
    def __init__(self, value: Callable[[], Any]) -> None:
        self._value = value

    def produce(self) -> Any:
        return self._value()


@functools.cache
def _definition(region: str, instance_type: str, image_uri: str | None) -> Future[dict[str, Any]]:
    arguments = ["--region", region, "--instance-type", instance_type]
    if image_uri is not None:
        arguments += ["--image-uri", image_uri]
    return _POOL.submit(_remembered, arguments)


def _remembered(arguments: list[str]) -> dict[str, Any]:
    """The SDK's answer, kept under all that it depends on: it asks nobody, so that it never changes."""
    try:
        sdk = version("sagemaker")
    except PackageNotFoundError:
        raise ContainerError("SageMaker's SDK is not installed: see requirements.txt") from None
    key = hashlib.sha256(f"{sdk} {arguments}".encode() + DEFINITION.read_bytes()).hexdigest()
    file = ANSWERS / f"{key}.json"
    with suppress(OSError, ValueError):
        return cast("dict[str, Any]", json.loads(file.read_text("utf-8")))
    text = _ask(arguments)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(text, "utf-8")
        part.replace(file)
    return cast("dict[str, Any]", json.loads(text))


def _ask(arguments: list[str]) -> str:
    done = subprocess.run(  # noqa: S603 our own command
        [sys.executable, "-m", "model_artifacts.blip2", "container", *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise ContainerError(f"no container for {' '.join(arguments)}: {said[-1]}")
    return done.stdout
