"""Seconds of a request by instance type: the measured ones as kept, the others by hand."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.errors import PlanningError
from planning.latency.service_times import FILE, service_times
from settings.environment import load_environment
from tests.stacks.assemblies import changed

FIGURES = Path(__file__).resolve().parents[3] / "docs" / "figures"
PROD = load_environment("prod")
TYPES = st.sampled_from(["ml.m5.large", "ml.t2.medium", "ml.c6i.xlarge"])
GPUS = st.sampled_from(["ml.g4dn.xlarge", "ml.g5.xlarge", "ml.g6.xlarge", "ml.g6e.2xlarge", "ml.p5.48xlarge"])


def figures(name: str) -> dict[str, float]:
    found: dict[str, Any] = json.loads((FIGURES / name).read_text("utf-8"))
    return {one["name"]: one["value"] for one in found["figures"]}


@pytest.mark.parametrize("photos", [1, 2, 4, 8])
def test_demo_has_measured_seconds(photos: int) -> None:
    measured = figures("planning-service-times.json")
    times = service_times("ml.m5.large", PROD)
    assert times.seconds(photos) == pytest.approx(measured[f"demo_{photos}_photos_ms"] / 1000, rel=1e-3)


@pytest.mark.parametrize("photos", [1, 2, 4, 8])
def test_h100_has_measured_seconds(photos: int) -> None:
    measured = figures("model-gpu.json")
    times = service_times("ml.p5.48xlarge", PROD, "full")
    assert times.seconds(photos) == pytest.approx(measured[f"bf16_{photos}_photos_report_s"], rel=1e-3)
    assert not times.estimated


@pytest.mark.parametrize(
    ("kind", "model", "file", "name", "scale"),
    [
        ("ml.m5.large", "demo", "planning-service-times.json", "demo_{}_requests_ms", 1e-3),
        ("ml.p5.48xlarge", "full", "model-gpu.json", "bf16_{}_requests_report_s", 1.0),
    ],
)
def test_batches_are_near_measured_ones(kind: str, model: Any, file: str, name: str, scale: float) -> None:
    measured, times = figures(file), service_times(kind, PROD, model)
    assert times.seconds(8, 8) == pytest.approx(measured[name.format(8)] * scale, rel=1e-3)
    for requests in (2, 4):
        assert times.seconds(requests, requests) == pytest.approx(
            measured[name.format(requests)] * scale, rel=0.15
        )


def test_t4_is_estimated_by_hand() -> None:
    photo = (0.302569 - 0.189426) / 7
    kernels = 0.189426 - photo - 134.6 / (0.88 * 3350)
    base = kernels * 1.98 / 1.59 + 134.6 / (0.88 * 320)
    each = (1.4 / 65 + 0.2 / 8.1) / 0.4
    times = service_times("ml.g4dn.xlarge", PROD, "full")
    assert times.seconds(1) == pytest.approx(base + each)
    assert times.seconds(8) == pytest.approx(base + 8 * each)
    assert times.estimated
    assert "T4: estimated" in times.note


def test_weights_read_are_those_of_roofline() -> None:
    """The bytes in the file are what the measurement's share of the roofline says."""
    measured, text = figures("model-gpu.json"), FILE.read_text("utf-8")
    for precision, stated in (("bf16", 116.5), ("fp16", 134.6)):
        found = measured[f"{precision}_1_photos_report_s"] * measured[f"{precision}_1_photos_roofline_share"]
        assert found * measured[f"{precision}_bandwidth_gb_s"] == pytest.approx(stated, rel=0.001)
        assert f"gb_read = {stated}" in text


def test_slower_gpu_takes_longer() -> None:
    for photos in (1, 8):
        seconds = [
            service_times(kind, PROD, "full").seconds(photos)
            for kind in ("ml.p5.48xlarge", "ml.g6e.xlarge", "ml.g5.xlarge", "ml.g4dn.xlarge")
        ]
        assert seconds == sorted(seconds)


@given(TYPES, st.integers(1, 64), st.integers(1, 32))
def test_more_work_never_takes_less(kind: str, photos: int, requests: int) -> None:
    times = service_times(kind, PROD)
    assert 0 < times.seconds(photos, requests) < times.seconds(photos + 1, requests)
    assert times.seconds(photos, requests) <= times.seconds(photos, requests + 1)


@given(GPUS, st.integers(1, 8), st.integers(2, 8))
def test_batch_is_faster_than_one_by_one(kind: str, photos: int, requests: int) -> None:
    times = service_times(kind, PROD, "full")
    assert times.seconds(photos * requests, requests) < requests * times.seconds(photos)


def test_tiles_add_passes() -> None:
    tiled = changed("prod", catalogue={"wear_tiles": 4})
    demo = [service_times("ml.m5.large", one).seconds(1) for one in (PROD, tiled)]
    assert demo[1] == pytest.approx(1.722 * demo[0])
    full = [service_times("ml.p5.48xlarge", one, "full").seconds(8) for one in (PROD, tiled)]
    assert full[1] == pytest.approx(full[0] + 4 * 8 * (0.268451 - 0.184339) / 7)


def test_demo_on_gpu_is_marked() -> None:
    times = service_times("ml.g4dn.xlarge", PROD)
    assert times.estimated
    assert times.seconds(1) == service_times("ml.m5.large", PROD).seconds(1)


@pytest.mark.parametrize("kind", ["ml.inf2.xlarge", "ml.trn1.2xlarge", "ml.x9.large", "", "ml."])
def test_unknown_family_is_refused(kind: str) -> None:
    with pytest.raises(PlanningError, match=r"seconds of a request on this type are not known") as refused:
        service_times(kind, PROD)
    assert "g4dn" in str(refused.value.hint)


def test_full_model_without_gpu_is_refused() -> None:
    with pytest.raises(PlanningError, match=r"ml\.m5\.large: a full-size BLIP-2 needs a GPU"):
        service_times("ml.m5.large", PROD, "full")
