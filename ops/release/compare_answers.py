"""Does the canary see in known photos what the same archive saw in them on this machine?

The numbers differ a little: half precision on a GPU there, single on a CPU here. Where none is further off
than that, the likeliest answers are the same, unless two were nearly as likely.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.release.canary import CanaryFailed
from services.core.domain.errors import VitrineError
from services.core.vision.endpoint import RealtimeVisionEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

    from model_artifacts.blip2.tools.photos import Case
    from services.core.domain.observation import Observation

TOLERANCE = 0.1


def ask(
    runtime: SageMakerRuntimeClient, name: str, photos: Sequence[Case], known: Sequence[Observation]
) -> float:
    """Ask about each photo as the service does; `known` is what the archive says about each here.

    Returns the largest difference of a probability. Raises CanaryFailed at an answer that the service could
    not use, that another archive gives, or that is another one.
    """
    model = RealtimeVisionEndpoint(runtime, name)
    largest = 0.0
    for case, here in zip(photos, known, strict=True):
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
            raise CanaryFailed(name, f"{case.name}: {what}, as the same archive says here.")
        largest = max(largest, difference)
    return largest


def _differences(here: Observation, there: Observation) -> Iterator[tuple[float, str]]:
    tables = [("type", here.type, there.type), ("material", here.material, there.material)]
    tables += [("wear", *pair) for pair in zip(here.wear, there.wear, strict=True)]
    for question, known, seen in tables:
        for candidate, probability in known.items():
            other = seen[candidate]
            what = f"{question} {candidate} {other:.0%} where {probability:.0%} is due"
            yield abs(probability - other), what
