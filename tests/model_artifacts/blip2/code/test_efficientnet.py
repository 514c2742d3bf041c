"""How the vision tower for photographs looks at a photo, on random weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from transformers import BlipImageProcessorPil

from benchmarks.model.random_photos import noise

SIDE = 64
sides = st.integers(1, 60)


@pytest.fixture(scope="module")
def efficientnet(inference: Any) -> Any:
    """The module, which is imported as the handlers import it."""
    import efficientnet

    return efficientnet


@pytest.fixture(scope="module")
def views(efficientnet: Any) -> Any:
    return efficientnet.Views(BlipImageProcessorPil(size={"height": SIDE, "width": SIDE}))


@pytest.fixture(scope="module")
def tower(efficientnet: Any) -> Any:
    torch.manual_seed(1)
    tower = efficientnet.EfficientNetTower(3).eval()
    torch.nn.init.normal_(tower.classifier.weight)
    return tower


@given(width=sides, height=sides)
def test_middle_is_a_square_of_the_photo(efficientnet: Any, width: int, height: int) -> None:
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    photo = Image.fromarray(np.stack([across, down, across], axis=-1).astype(np.uint8))
    seen = np.asarray(efficientnet.middle(photo)).astype(int)
    side = min(width, height)
    assert seen.shape == (side, side, 3)
    for size, channel in ((width, 0), (height, 1)):
        before, after = seen[..., channel].min(), size - 1 - seen[..., channel].max()
        assert before + after == size - side and abs(before - after) <= 1


def test_square_photo_has_one_view_twice(views: Any) -> None:
    (whole, middle) = views(images=noise(1, SIDE), return_tensors="pt")["pixel_values"][0]
    assert whole.shape == (3, SIDE, SIDE)
    assert whole.equal(middle)


def test_photos_of_a_batch_stay_apart(views: Any, tower: Any) -> None:
    photos = [photo.crop((0, 0, SIDE, SIDE // (1 + number))) for number, photo in enumerate(noise(3, SIDE))]
    together, alone = (
        [tower.class_shares(views(images=part, return_tensors="pt")["pixel_values"]) for part in parts]
        for parts in ([photos], [[photo] for photo in photos])
    )
    assert torch.allclose(together[0], torch.cat(alone), atol=1e-6)
    assert torch.allclose(together[0].sum(1), torch.ones(3))


def test_looks_pool_by_the_logarithm(tower: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that one look excludes stays unlikely; the nearer look is here the whole again."""
    pixels = torch.randn(2, 2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    monkeypatch.setattr(tower, "_nearer", lambda whole, *_: torch.nn.functional.avg_pool2d(whole, 2))
    found = tower.class_shares(pixels).log()
    whole, middle = (tower.class_shares(pixels[:, [at, at]]).log() for at in (0, 1))
    assert torch.allclose(found, ((2 * whole + middle) / 3).log_softmax(-1), atol=1e-4)


@pytest.fixture(scope="module")
def place() -> torch.Tensor:
    """A picture of which each pixel says where it is, across and down, from 0 to 1."""
    at = (torch.arange(224) + 0.5) / 224
    across, down = at.expand(224, 224), at[:, None].expand(224, 224)
    return torch.stack([across, down, across])[None]


cells = st.tuples(st.integers(0, 6), st.integers(0, 6))


@given(spoken=st.lists(cells, min_size=1, max_size=3))
def test_nearer_look_holds_what_speaks_for_the_class(
    efficientnet: Any, tower: Any, place: torch.Tensor, spoken: list[tuple[int, int]]
) -> None:
    maps = torch.zeros(1, efficientnet.FEATURES, 7, 7)
    for row, column in spoken:
        maps[0, :, row, column] = tower.classifier.weight[5].detach()
    with torch.no_grad():
        near = tower._nearer(place, maps, torch.eye(1000)[[5]])
    assert near.shape == (1, 3, 112, 112)
    sides = []
    for channel, numbers in ((0, [column for _, column in spoken]), (1, [row for row, _ in spoken])):
        first, last = near[0, channel].min().item(), near[0, channel].max().item()
        assert first <= min(numbers) / 7 + 0.01
        assert last >= (max(numbers) + 1) / 7 - 0.01
        sides.append(last - first)
    widest = max(max(axis) - min(axis) for axis in zip(*spoken, strict=True))
    assert sides == pytest.approx([min(1, (widest + 2) / 7)] * 2, abs=0.02)


def test_thing_that_fills_the_photo_is_seen_whole(efficientnet: Any, tower: Any, place: torch.Tensor) -> None:
    maps = tower.classifier.weight[5].detach()[None, :, None, None].expand(1, efficientnet.FEATURES, 7, 7)
    near = tower._nearer(place, maps, torch.eye(1000)[[5]])
    assert torch.allclose(near, torch.nn.functional.avg_pool2d(place, 2), atol=1e-3)
