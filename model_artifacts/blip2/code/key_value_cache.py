"""Key/value caches as flat tuples of tensors, so that a pass is a function of its tensors.

A tuple holds keys, values, keys, values, …: one pair for each layer, (rows, heads, tokens, width).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import Cache, DynamicLayer, StaticLayer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def growing(tensors: Sequence[Tensor]) -> Any:
    """A cache that grows by new tensors and leaves these as they are."""
    cache: Any = DynamicCache()
    cache.layers = [_growing_layer(*pair) for pair in zip(tensors[::2], tensors[1::2], strict=True)]
    return cache


def fixed(tensors: Sequence[Tensor], position: Tensor) -> Any:
    """A cache of these tensors, into which one token is written at `position`, a number as a tensor."""
    pairs = zip(tensors[::2], tensors[1::2], strict=True)
    return Cache(layers=[_FixedLayer(keys, values, position) for keys, values in pairs])


def tensors_of(cache: Any) -> tuple[Tensor, ...]:
    """The keys and values of a cache."""
    return tuple(one for layer in cache.layers for one in (layer.keys, layer.values))


def lengthened(tensors: Sequence[Tensor], tokens: int) -> tuple[Tensor, ...]:
    """Copies with room for more tokens after those that are there."""
    return tuple(torch.nn.functional.pad(one, (0, 0, 0, tokens)) for one in tensors)


def selected(tensors: Sequence[Tensor], rows: Tensor) -> tuple[Tensor, ...]:
    """These rows of all tensors; a single row is not copied."""
    return tuple(
        one.expand(len(rows), *one.shape[1:]) if len(one) == 1 else one.index_select(0, rows)
        for one in tensors
    )


def _growing_layer(keys: Tensor, values: Tensor) -> DynamicLayer:
    layer = DynamicLayer()  # type: ignore[no-untyped-call]
    layer.keys, layer.values = keys, values
    layer.is_initialized = True
    return layer


class _FixedLayer(StaticLayer):  # type: ignore[no-untyped-call]
    """A layer whose tensors are given; `position` is the caller's, who advances it for all layers at once."""

    def __init__(self, keys: Tensor, values: Tensor, position: Tensor) -> None:
        self.keys, self.values = keys, values
        self.cumulative_length = position
        self.max_cache_len = keys.shape[2]
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor, *_: Any, **__: Any) -> tuple[Tensor, Tensor]:
        at = self.cumulative_length.reshape(1)
        self.keys.index_copy_(2, at, key_states)  # type: ignore[union-attr]
        self.values.index_copy_(2, at, value_states)  # type: ignore[union-attr]
        return self.keys, self.values  # type: ignore[return-value]
