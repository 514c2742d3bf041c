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

SIDE = 32
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


def test_views_pool_by_the_logarithm(tower: Any) -> None:
    """A class that one view excludes stays unlikely."""
    pixels = torch.randn(2, 2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    both = tower.class_shares(pixels).log()
    one, other = (tower.class_shares(pixels[:, [at, at]]).log() for at in (0, 1))
    assert torch.allclose(both, ((one + other) / 2).log_softmax(-1), atol=1e-4)
