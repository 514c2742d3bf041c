"""Seconds of the model's requests by instance type: measured, or estimated from a measured GPU.

    seconds(photos) = k × clock / clock' + bytes / (share × bandwidth') + photos × work / (share × flops')

estimates a GPU ' from the H100. `bytes` are the weights that a request reads; k is what the H100 takes beside
reading them and beside the photos: small kernels that wait for each other, at the speed of the GPU's clock.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from planning.errors import PlanningError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from settings.environment import Environment

FILE = Path(__file__).with_name("service_times.toml")
ModelSize = Literal["demo", "full"]
CPU_FAMILIES = ("t", "m", "c", "r")


@dataclass(frozen=True)
class ServiceTimes:
    """Seconds of requests at one instance of a type, which answers one request or one batch at a time.

    `photos` has the seconds of a request by its number of photos, `more_s` what each further request of a
    batch adds beside its photos. `note` says how they were found, if they were not measured on this type.
    """

    instance_type: str
    model: ModelSize
    device: str
    photos: tuple[tuple[int, float], ...]
    more_s: float
    estimated: bool
    note: str

    def seconds(self, photos: int, requests: int = 1) -> float:
        """Return the seconds of a batch of requests with so many photos together.

        Between measured numbers of photos and beyond them the seconds are on a straight line.
        """
        points = self.photos
        right = next(
            (at for at, (count, _) in enumerate(points[1:-1], 1) if photos <= count), len(points) - 1
        )
        (low, low_s), (high, high_s) = points[right - 1 : right + 1]
        return low_s + (photos - low) * (high_s - low_s) / (high - low) + (requests - 1) * self.more_s


def model_size(settings: Environment) -> ModelSize:
    """Return which model the environment's endpoint serves."""
    return "demo" if settings.model.artifact == "demo" else "full"


def service_times(instance_type: str, settings: Environment, model: ModelSize | None = None) -> ServiceTimes:
    """Return the seconds of the environment's model, or of another, on an instance type.

    Raises PlanningError for a type of an unknown family, and for a full-size model without a GPU.
    """
    return _times(instance_type, model or model_size(settings), settings.catalogue.wear_tiles)


@cache
def _times(instance_type: str, model: ModelSize, tiles: int) -> ServiceTimes:
    known = tomllib.loads(FILE.read_text("utf-8"))
    family = instance_type.removeprefix("ml.").partition(".")[0]
    gpu = next((name for name, gpu in known["gpus"].items() if family in gpu["families"]), None)
    if gpu is None and not (family[:1] in CPU_FAMILIES and family[1:2].isdigit()):
        families = ", ".join(sorted(one for gpu in known["gpus"].values() for one in gpu["families"]))
        raise PlanningError(
            f"{instance_type}: the seconds of a request on this type are not known.",
            hint=f"Take one of the families {families}, or one without a GPU (m5, c6i) for the demo model.",
        )
    if model == "demo":
        return _demo(instance_type, known["models"]["demo"], gpu, tiles)
    if gpu is None:
        raise PlanningError(
            f"{instance_type}: a full-size BLIP-2 needs a GPU, and this type has none.",
            hint="Take ml.g4dn.xlarge, ml.g5.xlarge or ml.g6.xlarge.",
        )
    return _full(instance_type, known, gpu, tiles)


def _demo(instance_type: str, measured: Mapping[str, Any], gpu: str | None, tiles: int) -> ServiceTimes:
    times = measured["tiles"] if tiles else 1.0
    photos = _by_count(measured["photos"])
    return ServiceTimes(
        instance_type,
        "demo",
        gpu or "CPU",
        tuple((count, seconds * times) for count, seconds in photos.items()),
        _more(photos, _by_count(measured["requests"])) * times,
        gpu is not None,
        f"{gpu}: a CPU's seconds stand for those of the demo model on a GPU, which were not measured"
        if gpu
        else "CPU: measured with one thread on another machine (docs/figures/planning-service-times.json)",
    )


def _full(instance_type: str, known: Mapping[str, Any], gpu: str, tiles: int) -> ServiceTimes:
    here, full = known["gpus"][gpu], known["models"]["full"]
    measured = full[here["precision"]]
    photos = _by_count(measured["photos"])
    more = _more(photos, _by_count(measured["requests"]))
    if gpu != "H100":
        base, photo = _estimate(photos, measured["gb_read"], here, known)
        more *= base / (photos[1] - _slope(photos))
        photos = {count: base + count * photo for count in photos}
    # A quarter is one picture more for the vision tower and for the questions about wear.
    slope = _slope(photos) * tiles
    return ServiceTimes(
        instance_type,
        "full",
        gpu,
        tuple((count, seconds + count * slope) for count, seconds in photos.items()),
        more,
        gpu != "H100",
        f"{gpu}: estimated from an H100 by bandwidth, operations and clock; it may be off by half"
        if gpu != "H100"
        else "",
    )


def _estimate(
    photos: Mapping[int, float], gb_read: float, here: Mapping[str, Any], known: Mapping[str, Any]
) -> tuple[float, float]:
    """Return the seconds of a request beside its photos, and those of a photo."""
    there, shares, work = known["gpus"]["H100"], known["estimate"], known["models"]["full"]["work"]
    reading = shares["bandwidth_share"]
    kernels = photos[1] - _slope(photos) - gb_read / (reading * there["bandwidth_gb_s"])
    single = work["fp32_tflop_per_photo"] if here["precision"] == "fp16" else 0.0
    half = work["tflop_per_photo"] - single
    return (
        kernels * there["clock_ghz"] / here["clock_ghz"] + gb_read / (reading * here["bandwidth_gb_s"]),
        (half / here["tflops"] + single / here["fp32_tflops"]) / shares["tflops_share"],
    )


def _by_count(seconds: Mapping[str, float]) -> dict[int, float]:
    return {int(count): one for count, one in seconds.items()}


def _slope(photos: Mapping[int, float]) -> float:
    return (photos[8] - photos[1]) / 7


def _more(photos: Mapping[int, float], requests: Mapping[int, float]) -> float:
    """Return what each further request adds: eight requests of a photo against one of eight photos."""
    return max(0.0, (requests[8] - photos[8]) / 7)
