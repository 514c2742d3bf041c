"""The canary: a temporary endpoint of a new archive, and its answers."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from cli.errors import UserError, code_of
from model_artifacts.blip2.tools.archive import remove_foreign_packages, unpacked
from model_artifacts.blip2.tools.serving import serving
from services.core.domain.errors import VitrineError
from services.core.vision.endpoint import RealtimeVisionEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

    from catalogue import Catalogue
    from model_artifacts.blip2.tools.replay import PhotoSet
    from services.core.domain.observation import Observation

# SageMaker does not delete an endpoint while it is being created.
_POLL_S = 10.0
_DELETED_WITHIN_S = 1800.0
# Probabilities differ a little: half precision on a GPU there, single precision on a CPU here. Within the
# tolerance the likeliest answers are the same, unless two were nearly equal.
TOLERANCE = 0.1


class CanaryFailed(UserError):
    """The new archive does not start or gives wrong answers; the serving endpoint is unchanged."""

    def __init__(self, endpoint: str, why: str) -> None:
        super().__init__(
            why, hint=f"See the log /aws/sagemaker/Endpoints/{endpoint}: its lines are kept for a week."
        )


@contextlib.contextmanager
def canary(sagemaker: SageMakerClient, name: str, start: Callable[[], None]) -> Iterator[None]:
    """Start an endpoint of this name and delete it, its configuration and its model afterwards."""
    try:
        try:
            start()
        except ClientError as error:
            raise CanaryFailed(name, f"The endpoint {name} is refused: {error}.") from error
        except (ValueError, RuntimeError) as error:  # the SDK raises these when the endpoint fails
            raise CanaryFailed(name, f"The endpoint {name} does not start: {error}.") from error
        yield
    finally:
        with _uninterrupted():
            remove(sagemaker, name)


def answers_here(archive: Path, photos: Sequence[PhotoSet], goods: Catalogue) -> list[Observation]:
    """Serve an archive and ask it about the goods on each photo; its packages are this environment's own.

    Raises ArchiveError, and UserError for an answer that the service could not use.
    """
    with unpacked(archive) as inside:
        remove_foreign_packages(inside.code)
        with serving(inside, Path(sys.executable)) as runtime:
            endpoint = RealtimeVisionEndpoint(cast("Any", runtime), str(archive), goods)
            try:
                return [endpoint.observe(one.photos) for one in photos]
            except VitrineError as error:
                raise UserError(f"{archive}: {error}.", hint="See what flight-check says of it.") from error


def compare_answers(
    runtime: SageMakerRuntimeClient,
    name: str,
    photos: Sequence[PhotoSet],
    expected: Sequence[Observation],
    goods: Catalogue,
) -> float:
    """Call the endpoint about each photo as the service does; `expected` are the archive's answers here.

    Returns the largest difference of a probability. Raises CanaryFailed for an invalid answer, for one of
    another archive, and for a difference above TOLERANCE.
    """
    model = RealtimeVisionEndpoint(runtime, name, goods)
    largest = 0.0
    for case, here in zip(photos, expected, strict=True):
        try:
            there = model.observe(case.photos)
        except VitrineError as error:
            raise CanaryFailed(name, f"{case.name}: {error}.") from error
        if there.artifact != here.artifact:
            raise CanaryFailed(
                name, f"{case.name}: {there.artifact} answers, and the archive holds {here.artifact}."
            )
        difference, what = max(_differences(here, there), default=(0.0, ""))
        if difference > TOLERANCE:
            raise CanaryFailed(name, f"{case.name}: {what}, as the same archive answers here.")
        largest = max(largest, difference)
    return largest


def _differences(here: Observation, there: Observation) -> Iterator[tuple[float, str]]:
    for (question, expected), (_, actual) in zip(_tables(here), _tables(there), strict=True):
        # The fifth of the likeliest kinds may be another one, of about the same probability.
        for answer in sorted(expected.keys() | actual.keys()):
            one, other = expected.get(answer, 0.0), actual.get(answer, 0.0)
            yield abs(one - other), f"{question} {answer} {other:.0%} where {one:.0%} is expected"


def _tables(observation: Observation) -> list[tuple[str, Mapping[str, float]]]:
    shares = [(name, getattr(observation, name)) for name in ("material", "colour", "pattern")]
    wear = [("wear", {tag: max(parts) for tag, parts in marks.items()}) for marks in observation.wear]
    return [("type", {kind.id: kind.p for kind in observation.kinds}), *shares, *wear]


def remove(sagemaker: SageMakerClient, name: str) -> bool:
    """Delete endpoint, configuration and model of a name, and wait until they are gone.

    Returns whether any of them was there.
    """
    deletions: tuple[Callable[[], object], ...] = (
        lambda: _remove_endpoint(sagemaker, name),
        lambda: sagemaker.delete_endpoint_config(EndpointConfigName=name),
        lambda: sagemaker.delete_model(ModelName=name),
    )
    found = False
    for delete in deletions:
        try:
            delete()
            found = True
        except ClientError as error:
            if not _absent(error):
                raise
    return found


def _remove_endpoint(sagemaker: SageMakerClient, name: str) -> None:
    status = sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
    try:
        for _ in range(int(_DELETED_WITHIN_S / _POLL_S)):
            if status in ("Creating", "Updating", "Deleting"):
                time.sleep(_POLL_S)
            else:
                sagemaker.delete_endpoint(EndpointName=name)
            status = sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
    except ClientError as error:
        if not _absent(error):
            raise
        return
    raise UserError(
        f"The endpoint {name} is not deleted after {_DELETED_WITHIN_S / 60:.0f} minutes, and it costs money.",
        hint=f"Run `aws sagemaker delete-endpoint --endpoint-name {name}`.",
    )


def _absent(error: ClientError) -> bool:
    message = error.response.get("Error", {}).get("Message", "")
    return code_of(error) in ("ValidationException", "ResourceNotFound") and "ould not find" in message


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Within it, Ctrl-C and SIGTERM only print a line, so that all deletions are finished."""

    def wait(*_: object) -> None:
        sys.stderr.write("Deleting the canary first: it costs money.\n")

    before = {number: signal.signal(number, wait) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
