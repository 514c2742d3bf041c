"""Passes on fixed buffers: fresh inputs each time, outputs to keep, bounded numbers, and a way out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.model.traced_capture import TracedCapture

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("inference")


@pytest.fixture
def graphs_of(inference: Any) -> Callable[..., Any]:
    from graphs import Graphs

    return Graphs


def double(values: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return (values * 2 + torch.arange(values.shape[-1]),)


def numbers(*shape: int, start: float = 0.0) -> torch.Tensor:
    return start + torch.arange(float(torch.Size(shape).numel())).reshape(shape)


def test_each_replay_reads_its_inputs(graphs_of: Callable[..., Any]) -> None:
    capture = TracedCapture()
    graphs = graphs_of(capture)

    for start in (0.0, 5.0, -3.0):
        values = numbers(2, 3, start=start)
        assert torch.equal(graphs.run("double", double, values)[0], double(values)[0])

    assert (capture.passes, capture.replays) == (1, 3)


def test_outputs_survive_later_replays(graphs_of: Callable[..., Any]) -> None:
    graphs = graphs_of(TracedCapture())
    (first,) = graphs.run("double", double, numbers(2, 3))

    graphs.run("double", double, numbers(2, 3, start=100))

    assert torch.equal(first, double(numbers(2, 3))[0])


@settings(max_examples=15)
@given(shapes=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=6))
def test_other_shapes_are_other_graphs(shapes: list[tuple[int, int]]) -> None:
    from graphs import Graphs

    capture = TracedCapture()
    graphs = Graphs(capture)
    for number, shape in enumerate(shapes):
        values = numbers(*shape, start=number)
        assert torch.equal(graphs.run("double", double, values)[0], double(values)[0])
    assert capture.passes == len(set(shapes))


def test_other_precision_is_another_graph(graphs_of: Callable[..., Any]) -> None:
    capture = TracedCapture()
    graphs = graphs_of(capture)
    for values in (numbers(2), numbers(2).double()):
        assert graphs.run("double", double, values)[0].dtype == values.dtype
    assert capture.passes == 2


def test_least_recent_graph_is_dropped(graphs_of: Callable[..., Any]) -> None:
    capture = TracedCapture()
    graphs = graphs_of(capture, most=2)
    for size in (1, 2, 1, 3, 1, 2):  # 3 drops 2, which is captured again
        graphs.run("double", double, numbers(size))
    assert capture.passes == 4


def test_buffers_stay_within_bytes(graphs_of: Callable[..., Any]) -> None:
    graphs = graphs_of(TracedCapture(), most_bytes=1000)
    for size in range(1, 60):
        graphs.run("double", double, numbers(size))
        assert graphs.held_bytes() <= 1000


def test_equal_inputs_share_memory(graphs_of: Callable[..., Any]) -> None:
    graphs = graphs_of(TracedCapture())
    graphs.run("double", double, numbers(1000))
    before = graphs.held_bytes()
    graphs.run("half", lambda values: (values.sum() / 2,), numbers(1000))
    assert graphs.held_bytes() - before < 100


def test_failed_capture_runs_eagerly(graphs_of: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    graphs = graphs_of(TracedCapture())

    def looks(values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (values * 2 if values[0] > 0 else values,)

    with caplog.at_level(logging.WARNING):
        for size in (1, 1, 2):
            assert graphs.run("looks", looks, numbers(size, start=1))[0][0] == 2

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert (
        caplog.records[0]
        .getMessage()
        .startswith("a pass cannot be captured as a CUDA graph and runs without one: looks: ")
    )
    assert "0 CUDA graphs, and without them where a capture failed: looks: " in str(graphs)


def test_failing_pass_raises_its_error(graphs_of: Callable[..., Any]) -> None:
    def breaks(values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        graphs_of(TracedCapture()).run("breaks", breaks, numbers(1))


def test_numbers_from_outside_are_refused(graphs_of: Callable[..., Any]) -> None:
    graphs = graphs_of(TracedCapture())
    graphs.run("brings", lambda values: (values + torch.tensor([1.0, 2.0]),), numbers(2))
    assert graphs.failure == "brings: the pass brings numbers from the CPU, which a capture cannot"


def test_repeated_pass_advances_its_state(graphs_of: Callable[..., Any]) -> None:
    def count(total: torch.Tensor, by: torch.Tensor) -> tuple[torch.Tensor, ...]:
        total.add_(by)
        return ()

    for graphs in (graphs_of(), graphs_of(TracedCapture())):
        for start in (0.0, 10.0):  # a second block starts from its own state
            with graphs.repeated("count", count, torch.full((1,), start), torch.ones(1)) as (once, state):
                for _ in range(4):
                    once()
                assert state[0].tolist() == [start + 4]


def test_without_capture_nothing_is_padded(graphs_of: Callable[..., Any]) -> None:
    eager, captured = graphs_of(), graphs_of(TracedCapture())
    assert [eager.rows(count) for count in (1, 3, 9)] == [1, 3, 9]
    assert [captured.rows(count) for count in (1, 3, 9)] == [1, 4, 16]
    assert [captured.rows(count, 8) for count in (1, 8, 9)] == [8, 8, 16]
    assert [eager.length(count, 8) for count in (1, 8, 9)] == [1, 8, 9]
    assert [captured.length(count, 8) for count in (1, 8, 9)] == [8, 8, 16]


def test_cpu_has_no_graphs(graphs_of: Callable[..., Any]) -> None:
    assert str(graphs_of.of_device(torch.device("cpu"))) == "without CUDA graphs"  # type: ignore[attr-defined]
