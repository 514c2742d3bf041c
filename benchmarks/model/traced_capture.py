"""A capture that runs anywhere: it records a pass's operations as a CUDA graph records its kernels.

The record holds shapes, Python numbers and memory addresses as they were. Like a capture, recording refuses a
pass that looks at a tensor's value, and data that is brought from outside the device.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


class TracedCapture:
    """Records operations; `passes` counts the records, `replays` their repetitions."""

    def __init__(self) -> None:
        self.passes = 0
        self.replays = 0

    def __call__(
        self, work: Callable[[], tuple[Tensor, ...]], reset: Callable[[], None]
    ) -> tuple[Callable[[], None], tuple[Tensor, ...]]:
        """Warm up, record, and spoil the outputs, which only a repetition may fill."""
        reset()
        work()
        reset()
        record = _Record()
        # In a capture, transformers does not look whether a mask hides anything.
        with mock.patch("transformers.masking_utils.is_tracing", lambda tensor=None: True), record:
            found = work()
        outputs = tuple(torch.full_like(one, math.nan if one.is_floating_point() else -1) for one in found)

        def replay() -> None:
            for old, new in zip(outputs, record.replayed(found), strict=True):
                old.copy_(new)
            self.replays += 1

        self.passes += 1
        return replay, outputs


class _Record(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The operations of a pass with their arguments; tensors that it did not make are fixed memory."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._operations: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(func)
        if "_local_scalar_dense" in name or "is_nonzero" in name:
            raise RuntimeError("the pass looks at a tensor's value, which a capture cannot")
        if "lift_fresh" in name and args[0].numel():
            raise RuntimeError("the pass brings numbers from the CPU, which a capture cannot")
        result = func(*args, **(kwargs or {}))
        self._operations.append((func, args, kwargs or {}, result))
        return result

    def replayed(self, wanted: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Run the operations again; returns what takes the place of these tensors."""
        made: dict[int, Tensor] = {}

        def now(tensor: Tensor) -> Tensor:
            return made.get(id(tensor), tensor)

        for func, args, kwargs, before in self._operations:
            args, kwargs = tree_map_only(torch.Tensor, now, (args, kwargs))
            result = func(*args, **kwargs)
            for old, new in zip(tree_leaves(before), tree_leaves(result), strict=True):
                if isinstance(old, torch.Tensor):
                    made[id(old)] = new
        return tuple(map(now, wanted))
