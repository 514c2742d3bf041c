"""Runs passes of fixed shapes, on a GPU as captured CUDA graphs.

A GPU waits longer for the launches of a small pass than for its arithmetic; a graph launches all of them at
once. It reads its inputs from fixed memory and writes its outputs there, so a pass must be a function of its
tensors: equal shapes of the same pass are the same graph.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pass = Callable[..., tuple[Tensor, ...]]

_MOST = 48
"""Captured passes that are kept; the least recently used one is dropped first."""
_SHARE = 4
"""The buffers of the captured passes take at most one part in so many of the memory that is free at load."""
_WARM_UPS = 2
_log = logging.getLogger(__name__)


class Capture(Protocol):
    """Records work on fixed memory once, to repeat it."""

    def __call__(
        self, work: Callable[[], tuple[Tensor, ...]], reset: Callable[[], None]
    ) -> tuple[Callable[[], None], tuple[Tensor, ...]]:
        """Return what repeats the work, and the outputs that each repetition overwrites.

        `reset` writes the inputs again, which the work may change.
        """


class CudaCapture:
    """Captures CUDA graphs, whose intermediate results share one pool of memory."""

    def __init__(self) -> None:
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(
        self, work: Callable[[], tuple[Tensor, ...]], reset: Callable[[], None]
    ) -> tuple[Callable[[], None], tuple[Tensor, ...]]:
        """Warm up on a stream of its own, where libraries set themselves up, then capture."""
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UPS):
                reset()
                work()
        torch.cuda.current_stream().wait_stream(side)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        # Another thread's calls neither enter this graph nor break its capture.
        with torch.cuda.graph(graph, pool=self._pool, capture_error_mode="thread_local"):
            outputs = work()
        return graph.replay, outputs


@dataclass(frozen=True)
class _Captured:
    replay: Callable[[], None]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class Graphs:
    """Runs passes as captured graphs; without a capture it calls them, and pads nothing."""

    def __init__(
        self, capture: Capture | None = None, *, most: int = _MOST, most_bytes: int = 1 << 31
    ) -> None:
        self._capture = capture
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[object, _Captured] = OrderedDict()
        self._refused: set[object] = set()
        # Passes run one at a time and get all inputs anew, so those of equal shapes share their memory.
        self._buffers: WeakValueDictionary[object, Tensor] = WeakValueDictionary()
        self._lock = RLock()
        self.failure: str | None = None
        """Why the first pass that could not be captured runs without a graph."""

    @classmethod
    def of_device(cls, device: torch.device) -> Graphs:
        """Graphs for a model on this device: captured on a GPU."""
        if device.type != "cuda":
            return cls()
        free, _ = torch.cuda.mem_get_info(device)
        return cls(CudaCapture(), most_bytes=free // _SHARE)

    def __str__(self) -> str:
        """What the log says of them."""
        if self._capture is None:
            return "without CUDA graphs"
        kept = f"{len(self._kept)} CUDA graphs"
        return (
            kept
            if self.failure is None
            else f"{kept}, and without them where a capture failed: {self.failure}"
        )

    @property
    def captures(self) -> bool:
        """Whether passes are captured, where that succeeds."""
        return self._capture is not None

    def rows(self, count: int, least: int = 1) -> int:
        """Rows to pad `count` rows to: the next power of two, so that few graphs serve all."""
        return count if self._capture is None else max(least, 1 << (count - 1).bit_length())

    def length(self, count: int, step: int) -> int:
        """Tokens to pad `count` tokens to: the next multiple of `step`."""
        return count if self._capture is None else -(-count // step) * step

    @torch.inference_mode()
    def run(self, name: str, work: Pass, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The outputs of `work(*inputs)`, which the caller may keep."""
        with self._lock:
            captured = self._captured(name, work, inputs)
            if captured is None:
                return work(*inputs)
            _fill(captured.inputs, inputs)
            captured.replay()
            return tuple(one.clone() for one in captured.outputs)

    @contextmanager
    def repeated(
        self, name: str, work: Pass, *state: Tensor
    ) -> Iterator[tuple[Callable[[], object], tuple[Tensor, ...]]]:
        """What runs `work` once more on a state that it changes in place, and that state.

        Both are valid until the block ends; no other pass runs before that.
        """
        with self._lock, torch.inference_mode():
            captured = self._captured(name, work, state)
            if captured is None:
                yield (lambda: work(*state)), state
            else:
                _fill(captured.inputs, state)
                yield captured.replay, captured.inputs

    def _captured(self, name: str, work: Pass, inputs: tuple[Tensor, ...]) -> _Captured | None:
        if self._capture is None:
            return None
        key = (name, *((one.shape, one.dtype) for one in inputs))
        if key in self._refused:
            return None
        if key not in self._kept:
            buffers = tuple(self._buffer(slot, one) for slot, one in enumerate(inputs))

            def reset() -> None:
                _fill(buffers, inputs)

            reset()
            try:
                replay, outputs = self._capture(lambda: work(*buffers), reset)
            except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:
                self._refuse(key, name, error)
                return None
            self._kept[key] = _Captured(replay, buffers, outputs)
            self._drop()
        self._kept.move_to_end(key)
        return self._kept[key]

    def _buffer(self, slot: int, like: Tensor) -> Tensor:
        key = (slot, like.shape, like.dtype)
        buffer = self._buffers.get(key)
        if buffer is None:
            buffer = torch.empty(like.shape, dtype=like.dtype, device=like.device)
            self._buffers[key] = buffer
        return buffer

    def _refuse(self, key: object, name: str, error: Exception) -> None:
        self._refused.add(key)
        if self.failure is None:
            self.failure = f"{name}: {str(error).partition(chr(10))[0][:200] or type(error).__name__}"
            _log.warning("a pass cannot be captured as a CUDA graph and runs without one: %s", self.failure)

    def _drop(self) -> None:
        """Drop the least recently used passes beyond the bounds; the newest one stays."""
        while len(self._kept) > 1 and (len(self._kept) > self._most or self.held_bytes() > self._most_bytes):
            self._kept.popitem(last=False)

    def held_bytes(self) -> int:
        """Bytes of the inputs and outputs of the passes that are kept."""
        held = {
            one.data_ptr(): one.nbytes
            for kept in self._kept.values()
            for one in (*kept.inputs, *kept.outputs)
        }
        return sum(held.values())


def _fill(buffers: tuple[Tensor, ...], values: tuple[Tensor, ...]) -> None:
    for buffer, value in zip(buffers, values, strict=True):
        buffer.copy_(value)
