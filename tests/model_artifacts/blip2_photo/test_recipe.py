"""The recipe of the model for photographs, without its weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from model_artifacts.blip2_photo import conversion, goods, network
from model_artifacts.blip2_photo.samples import Samples


def test_every_kind_has_a_class() -> None:
    assert set(goods.classes().values()) == set(goods.kinds())
    assert goods.groups().sum(0).eq(1).all()


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
    layer = network.tower_code()._Convolution(1, 1, kernel, stride)
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
