"""The benchmark for a GPU at a tiny size on the CPU: its logic, not its times."""

from __future__ import annotations

import importlib
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import torch

from benchmarks.model import gpu
from benchmarks.model.random_blip2 import Size
from benchmarks.model.random_names import tree_of
from benchmarks.model.random_photos import noise
from benchmarks.model.traced_capture import TracedCapture

if TYPE_CHECKING:
    from pathlib import Path

TINY = Size(16, 16, 28, fewer_words=1000)


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gpu, "PHOTOS", {2: 0.25})
        patch.setattr(gpu, "REQUESTS", (2,))
        patch.setattr(gpu, "PROMPTS", gpu.PROMPTS[1:3])
        patch.setattr(gpu, "NAMES", 20)
        patch.setattr(gpu, "TOKENS", 4)
        patch.setattr(gpu, "_ROUNDS", 1)
        figures, detail = gpu.measure("cpu", torch.float32, TINY, TracedCapture)
    assert detail["fp32_2_photos"]["rounds"] > 0
    return {one.name: one for one in figures}


def test_graphs_equal_eager_passes(measured: dict[str, Any]) -> None:
    for name in ("2_photos_graphs_equal", "2_requests_graphs_equal", "caption_tokens_equal"):
        assert measured[f"fp32_{name}_percent"].value == 100
    assert measured["fp32_caption_tokens_of_generate_percent"].value == 100
    assert measured["fp32_captures_failed"].value == 0


def test_goals_are_judged(measured: dict[str, Any]) -> None:
    goals = {name: one.goal for name, one in measured.items() if one.goal != "-"}
    assert goals["fp32_2_photos_report_s"] == "<=0.25"
    assert goals["fp32_caption_over_floor"] == "<=5"
    assert all(one.value > 0 for name, one in measured.items() if "failed" not in name)


def test_batch_answers_as_single_requests_do() -> None:
    scorer = gpu.scorer_of("cpu", torch.float32, TINY)
    tree, photos = tree_of(20, 20, scorer.blip.config.text_config.vocab_size), noise(2)
    both = gpu.report(scorer, photos, tree, requests=2)
    alone = [gpu.report(scorer, [photo], tree) for photo in photos]
    assert both.captions == [caption for one in alone for caption in one.captions]
    likeliest = torch.cat([one.numbers[-1] for one in alone])
    assert torch.allclose(both.numbers[-1], likeliest, rtol=1e-4)


def test_different_numbers_are_counted() -> None:
    one = gpu.Report([torch.tensor([1.0]), torch.tensor([2.0])], ["a mug"], 1)
    other = gpu.Report([torch.tensor([1.0]), torch.tensor([2.0000002])], ["a vase"], 1)
    assert gpu._equal(one, other) == pytest.approx(100 / 3)


def test_run_is_written_as_json(measured: dict[str, Any], tmp_path: Path) -> None:
    gpu.write(tmp_path / "new" / "gpu.json", list(measured.values()), {"device": "none"})
    written = json.loads((tmp_path / "new" / "gpu.json").read_text())
    assert [one["name"] for one in written["figures"]] == list(measured)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_machine_without_gpu_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["gpu"])
    assert gpu.main() == 1
    assert capsys.readouterr().err == "torch finds no GPU; use a machine with one and a CUDA build of torch\n"


def test_script_needs_only_model_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with a GPU has the model's packages and none of the service's."""
    modules = {name: str(getattr(module, "__file__", "")) for name, module in sys.modules.items()}
    for name, file in modules.items():
        if name.split(".")[0] == "benchmarks" or file.startswith(str(gpu.CODE)):
            monkeypatch.delitem(sys.modules, name)
    for banned in ("fastapi", "boto3", "openai", "uvicorn", "pydantic"):
        monkeypatch.setitem(sys.modules, banned, None)
    monkeypatch.syspath_prepend(gpu.CODE)
    for needed in ("benchmarks.model.gpu", "scoring", "graphs", "name_tree"):
        importlib.import_module(needed)
