"""Whether the canary answers about known photos as the same archive does on this machine.

Probabilities differ a little: half precision on a GPU there, single precision on a CPU here. Within the
tolerance the likeliest answers are the same, unless two were nearly equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.release.canary import CanaryFailed
from services.core.domain.errors import VitrineError
from services.core.vision.endpoint import RealtimeVisionEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

    from model_artifacts.blip2.tools.replay import PhotoSet
    from services.core.domain.observation import Observation

TOLERANCE = 0.1


def compare_answers(
    runtime: SageMakerRuntimeClient, name: str, photos: Sequence[PhotoSet], expected: Sequence[Observation]
) -> float:
    """Call the endpoint about each photo as the service does; `expected` are the archive's answers here.

    Returns the largest difference of a probability. Raises CanaryFailed for an invalid answer, for one of
    another archive, and for a difference above TOLERANCE.
    """
    model = RealtimeVisionEndpoint(runtime, name)
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
        difference, what = max(_differences(here, there))
        if difference > TOLERANCE:
            raise CanaryFailed(name, f"{case.name}: {what}, as the same archive answers here.")
        largest = max(largest, difference)
    return largest


def _differences(here: Observation, there: Observation) -> Iterator[tuple[float, str]]:
    tables = [("type", here.type, there.type), ("material", here.material, there.material)]
    tables += [("wear", *pair) for pair in zip(here.wear, there.wear, strict=True)]
    for question, expected, actual in tables:
        for candidate, probability in expected.items():
            other = actual[candidate]
            what = f"{question} {candidate} {other:.0%} where {probability:.0%} is expected"
            yield abs(probability - other), what
