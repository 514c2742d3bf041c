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
        right = next((at for at, (count, _) in enumerate(points[1:-1], 1) if photos <= count), len(points) - 1)
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
            hint=f"Take a type of the families {families}, or one without a GPU (m5, c6i) for the demo model.",
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
    one, many = (measured["requests"][count] for count in ("1", "8"))
    photos = {int(count): seconds for count, seconds in measured["photos"].items()}
    more = (many - one - 7 * (photos[8] - photos[1]) / 7) / 7
    note = f"a GPU's seconds of the demo model were not measured: a CPU's stand for the {gpu}'s" if gpu else ""
    return ServiceTimes(
        instance_type,
        "demo",
        gpu or "CPU",
        tuple((count, seconds * times) for count, seconds in photos.items()),
        more * times,
        gpu is not None,
        note,
    )


def _full(instance_type: str, known: Mapping[str, Any], gpu: str, tiles: int) -> ServiceTimes:
    here, measured_on = known["gpus"][gpu], known["gpus"]["H100"]
    measured, work = known["models"]["full"][here["precision"]], known["models"]["full"]["work"]
    photos = {int(count): seconds for count, seconds in measured["photos"].items()}
    if gpu != "H100":
        shares = known["estimate"]
        rest = photos[1] - (photos[8] - photos[1]) / 7
        kernels = rest - measured["gb_read"] / (shares["bandwidth_share"] * measured_on["bandwidth_gb_s"])
        half = work["tflop_per_photo"] - (single := _single(here, work))
        photo = (half / here["tflops"] + single / here["fp32_tflops"]) / shares["tflops_share"]
        base = kernels * measured_on["clock_ghz"] / here["clock_ghz"]
        base += measured["gb_read"] / (shares["bandwidth_share"] * here["bandwidth_gb_s"])
        photos = {count: base + count * photo for count in photos}
    # A quarter is a picture more for the vision tower and for the questions about wear.
    slope = (photos[8] - photos[1]) / 7 * tiles
    photos = {count: seconds + count * slope for count, seconds in photos.items()}
    return ServiceTimes(
        instance_type,
        "full",
        gpu,
        tuple(photos.items()),
        0.0,
        gpu != "H100",
        f"{gpu}: estimated from an H100 by bandwidth, operations and clock; it may be off by half",
    )


def _single(gpu: Mapping[str, Any], work: Mapping[str, Any]) -> float:
    return float(work["fp32_tflop_per_photo"]) if gpu["precision"] == "fp16" else 0.0
