"""The model's container, as its one definition says: asked of SageMaker's SDK once, and then remembered."""

import functools
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
import jsii

from settings.environment import environment_names, load_environment
from settings.schema import Model

ROOT = Path(__file__).resolve().parents[2]
DEFINITION = ROOT / "model_artifacts" / "blip2" / "definition.py"
REQUIREMENTS = ROOT / "requirements.txt"
# Answers that are committed, and those that are kept on this machine.
LOCK = ROOT / "model_artifacts" / "blip2" / "containers.json"
ANSWERS = ROOT / ".vitrine" / "containers"
_POOL = ThreadPoolExecutor(max_workers=2, thread_name_prefix="container")
_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<name>[^:@]+)"
)


class ContainerError(Exception):
    """The SDK knows no container for these settings; the message is its own."""


def primary_container(settings: Model, region: str, model_data_url: str) -> cdk.IResolvable:
    """Return CreateModel's container for an archive. Resolved when the stack is written, not before.

    Where nobody has asked SageMaker's SDK before, it runs in a process of its own while other stacks are
    made: importing it takes as long as they do.
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
    return _POOL.submit(_remembered, _arguments(region, instance_type, image_uri))


def _arguments(region: str, instance_type: str, image_uri: str | None) -> list[str]:
    image = [] if image_uri is None else ["--image-uri", image_uri]
    return ["--region", region, "--instance-type", instance_type, *image]


def _remembered(arguments: list[str]) -> dict[str, Any]:
    """The SDK's answer, kept by all that it depends on: it asks nobody, so that it never changes."""
    key = _key(arguments)
    with suppress(KeyError):
        return cast("dict[str, Any]", json.loads(LOCK.read_text("utf-8"))[key])
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


def _key(arguments: list[str]) -> str:
    (sdk,) = re.findall(r"^sagemaker==.*", REQUIREMENTS.read_text("utf-8"), re.MULTILINE)
    return hashlib.sha256(f"{sdk} {arguments}".encode() + DEFINITION.read_bytes()).hexdigest()


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
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        asked = f"SageMaker's SDK (see requirements.txt) gives no container for {' '.join(arguments)}"
        raise ContainerError(f"{asked}: {said[-1]}")
    return done.stdout


def committed_answers() -> dict[str, dict[str, Any]]:
    """Ask for what the committed environments need, so that whoever checks them out need not."""
    answers = {}
    for settings in map(load_environment, environment_names()):
        if settings.target == "aws":
            model = settings.model
            arguments = _arguments(settings.region, model.instance_type, model.image_uri)
            answers[_key(arguments)] = json.loads(_ask(arguments))
    return answers


if __name__ == "__main__":
    LOCK.write_text(json.dumps(committed_answers(), indent=2) + "\n", "utf-8")
