from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save_file

from model_artifacts.blip2.tools import weights
from model_artifacts.blip2.tools.errors import PackagingError

if TYPE_CHECKING:
    from pathlib import Path

SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model").mkdir()
    return tmp_path / "model"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_wider_tensors_become_fp16(model: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    tensors = {
        "matrix": torch.randn(7, 5).to(dtype),
        "scalar": torch.tensor(2.5, dtype=dtype),
        "none": torch.zeros(0, 3, dtype=dtype),
        "half": torch.randn(3).half(),
        "positions": torch.arange(9),
        "mask": torch.tensor([True, False, True]),
    }
    save_file(tensors, model / "model.safetensors")
    files = weights.to_half_precision(model, tmp_path / "work")
    assert files == {"model.safetensors": tmp_path / "work" / "model.safetensors"}
    found = load_file(files["model.safetensors"])
    assert found.keys() == tensors.keys()
    for name, tensor in tensors.items():
        wanted = tensor.half() if tensor.is_floating_point() else tensor
        assert found[name].dtype == wanted.dtype
        assert torch.equal(found[name], wanted)


def test_tensor_is_converted_in_blocks(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_STEP", 10)
    tensor = torch.randn(13, 11)
    save_file({"a": tensor}, model / "model.safetensors")
    found = load_file(weights.to_half_precision(model, tmp_path / "work")["model.safetensors"])
    assert torch.equal(found["a"], tensor.half())


def test_fp16_files_stay_unchanged(model: Path, tmp_path: Path) -> None:
    save_file({"a": torch.ones(3).half(), "ids": torch.arange(3)}, model / "model.safetensors")
    files = weights.to_half_precision(model, tmp_path / "work")
    assert files == {"model.safetensors": model / "model.safetensors"}
    assert not (tmp_path / "work").exists()


def sharded(model: Path, first: torch.Tensor, second: torch.Tensor) -> None:
    save_file({"a": first}, model / SHARDS[0])
    save_file({"b": second}, model / SHARDS[1])
    index = {"metadata": {"total_size": 999}, "weight_map": {"a": SHARDS[0], "b": SHARDS[1]}}
    (model / weights.INDEX).write_text(json.dumps(index))


def test_index_states_converted_size(model: Path, tmp_path: Path) -> None:
    sharded(model, torch.ones(4), torch.ones(6).half())
    files = weights.to_half_precision(model, tmp_path / "work")
    assert files[SHARDS[0]].parent == tmp_path / "work"
    assert files[SHARDS[1]].parent == model
    index = json.loads(files[weights.INDEX].read_text("utf-8"))
    assert index == {"metadata": {"total_size": 20}, "weight_map": {"a": SHARDS[0], "b": SHARDS[1]}}


def test_index_with_missing_tensor_is_refused(model: Path, tmp_path: Path) -> None:
    sharded(model, torch.ones(4), torch.ones(6))
    (model / SHARDS[1]).unlink()
    with pytest.raises(PackagingError, match=f"b is not in {SHARDS[1]}; fetch the shard again"):
        weights.to_half_precision(model, tmp_path / "work")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_weight_is_refused_by_name(model: Path, tmp_path: Path, value: float) -> None:
    save_file(
        {"fine": torch.ones(3), "broken.weight": torch.tensor([1.0, value])}, model / "model.safetensors"
    )
    with pytest.raises(PackagingError, match=r"broken\.weight holds a NaN or an infinity"):
        weights.to_half_precision(model, tmp_path / "work")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_fp16_overflow_is_refused(model: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    save_file({"large": torch.tensor([1.0, -131072.0], dtype=dtype)}, model / "model.safetensors")
    with pytest.raises(PackagingError, match=r"large reaches 1\.311e\+05: fp16 ends at 65504"):
        weights.to_half_precision(model, tmp_path / "work")


def test_truncated_weights_are_refused(model: Path, tmp_path: Path) -> None:
    file = model / "model.safetensors"
    save_file({"a": torch.ones(30)}, file)
    whole = file.read_bytes()
    file.write_bytes(whole[:-4])
    with pytest.raises(PackagingError, match="cut short within a; fetch it again"):
        weights.to_half_precision(model, tmp_path / "work")
    for size in (3, 20):
        file.write_bytes(whole[:size])
        with pytest.raises(PackagingError, match="cut short, or no safetensors file"):
            weights.to_half_precision(model, tmp_path / "work")


def test_broken_header_is_refused(model: Path, tmp_path: Path) -> None:
    (model / "model.safetensors").write_bytes((5).to_bytes(8, "little") + b"hello")
    with pytest.raises(PackagingError, match="its header is not that of a safetensors file"):
        weights.to_half_precision(model, tmp_path / "work")


def test_eight_bit_floats_are_refused(model: Path, tmp_path: Path) -> None:
    save_file({"a": torch.ones(3).to(torch.float8_e4m3fn)}, model / "model.safetensors")
    with pytest.raises(PackagingError, match="a is of type F8_E4M3, which cannot be served as fp16"):
        weights.to_half_precision(model, tmp_path / "work")


def test_every_byte_is_read_once(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_STEP", 4)
    file = model / "model.safetensors"
    save_file({"a": torch.randn(7, 3), "none": torch.zeros(0), "b": torch.arange(5)}, file)
    read = [(one and one.name, block) for one, block in weights.read_blocks(file)]
    assert b"".join(block for _, block in read) == file.read_bytes()
    assert {name: sum(len(block) for one, block in read if one == name) for name in ("a", "b")} == {
        "a": 7 * 3 * 4,
        "b": 5 * 8,
    }


def test_overlapping_tensors_are_refused(model: Path) -> None:
    file = model / "model.safetensors"
    tensor = {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}
    text = json.dumps({"a": tensor, "b": tensor}).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    with pytest.raises(PackagingError, match="b begins within what is before it"):
        weights.read_header(file)
