"""Batches of training pictures, augmented at random, some of them replaced by unknown pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention

from ..drawing.drawing import TAGS, UNKNOWN
from .network import GRID, PATCH
from .pool import SIZE, TYPES

if TYPE_CHECKING:
    from .pool import Pool

BATCH = 32
IGNORED = -100
"""The label that the losses ignore: the picture does not show it."""
_UNKNOWN = 2
"""Unknown pictures in each batch."""
_SHIFT = 5
_MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(1, 3, 1, 1)
_STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(1, 3, 1, 1)


def normalise(pixels: Tensor) -> Tensor:
    """uint8 pictures (n, height, width, 3) as the model's input (n, 3, height, width)."""
    return (pixels.permute(0, 3, 1, 2).float() / 255 - _MEAN) / _STD


class Batches:
    """Random pictures of the pool with random shift, mirroring and brightness."""

    def __init__(self, pool: Pool, seed: int) -> None:
        self.pool = pool
        self.random = torch.Generator().manual_seed(seed)

    def next(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Normalised pixels and their labels; the first pictures of a batch are unknown ones."""
        index = torch.randint(len(self.pool), (BATCH,), generator=self.random).numpy()
        pixels, regions = (
            torch.from_numpy(self.pool.pixels[index]),
            torch.from_numpy(self.pool.regions[index]),
        )
        steps = torch.randint(-_SHIFT, _SHIFT + 1, (2,), generator=self.random)
        down, across = ((torch.arange(SIZE) + step).clamp(0, SIZE - 1) for step in steps)
        pixels, regions = pixels[:, down][:, :, across], regions[:, down][:, :, across]
        if torch.rand((), generator=self.random) < 0.5:
            pixels, regions = pixels.flip(2), regions.flip(2)
        pixels, regions = pixels.clone(), regions.clone()
        types, materials, colours = (
            torch.from_numpy(column[index])
            for column in (self.pool.types, self.pool.materials, self.pool.colours)
        )
        for row in range(_UNKNOWN):
            pixels[row], regions[row] = self._unknown(pixels[row], regions[row])
            types[row] = TYPES.index(UNKNOWN)
            if (regions[row] > 0).float().mean() < 0.1:
                materials[row] = colours[row] = IGNORED
        light = 1 + 0.06 * torch.randn(BATCH, 1, 1, 1, generator=self.random)
        shown = normalise(pixels) * light + 0.05 * torch.randn(BATCH, 3, 1, 1, generator=self.random)
        return shown, labels(types, materials, colours, regions)

    def _unknown(self, pixels: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
        """The picture in shuffled tiles, an enlarged detail of it, or coloured noise."""
        choice = int(torch.randint(3, (), generator=self.random))
        if choice == 0:
            order = torch.randperm(16, generator=self.random)
            return _shuffle(pixels, order), _shuffle(regions, order)
        if choice == 1:
            top, left = torch.randint(SIZE // 4, SIZE // 2, (2,), generator=self.random).tolist()
            return _enlarge(pixels, top, left), _enlarge(regions, top, left)
        clouds = torch.zeros(1, 3, SIZE, SIZE)
        for cells in (2, 4, 8, 16, 32):
            grid = torch.randn(1, 3, cells, cells, generator=self.random) * 0.6 + torch.randn(
                1, 1, cells, cells, generator=self.random
            )
            clouds += F.interpolate(grid, (SIZE, SIZE), mode="bilinear") * 40 / cells**0.5
        middle = 60 + 130 * torch.rand(3, 1, 1, generator=self.random)
        return (clouds[0] + middle).clamp(0, 255).byte().permute(1, 2, 0), torch.zeros_like(regions)


def _shuffle(part: Tensor, order: Tensor) -> Tensor:
    side, rest = SIZE // 4, part.shape[2:]
    tiles = part.reshape(4, side, 4, side, *rest).transpose(1, 2).reshape(16, side, side, *rest)[order]
    return tiles.reshape(4, 4, side, side, *rest).transpose(1, 2).reshape(SIZE, SIZE, *rest)


def _enlarge(part: Tensor, top: int, left: int) -> Tensor:
    near = part[top : top + SIZE // 4, left : left + SIZE // 4]
    return near.repeat_interleave(4, dim=0).repeat_interleave(4, dim=1)


def labels(types: Tensor, materials: Tensor, colours: Tensor, regions: Tensor) -> dict[str, Tensor]:
    """The labels of the vision stage's heads, per patch and per picture."""
    tiles = regions.reshape(-1, GRID, PATCH, GRID, PATCH).transpose(2, 3)
    tiles = tiles.reshape(-1, GRID * GRID, PATCH * PATCH)
    on_good = (tiles > 0).float().mean(-1) > 0.25
    wear = torch.stack([tiles == 2 + n for n in range(len(TAGS))], dim=-1).float()
    return {
        "patch_type": torch.where(on_good, types[:, None], torch.tensor(len(TYPES))),
        "patch_wear": (wear.mean(2) > 0.03).float(),
        "type": types,
        "material": materials,
        "colour": colours,
        "wear": (wear.sum((1, 2)) > 0).float(),
    }
