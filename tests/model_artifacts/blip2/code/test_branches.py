from __future__ import annotations

from typing import Any

import pytest
import torch

# What a cat, a car and a cart have in common stands once; "an" has only the first letter in common.
SEQUENCES = ((3, 1, 20), (3, 1, 18), (3, 1, 18, 20), (1, 14), (3, 1, 18))


@pytest.fixture
def branches(inference: Any) -> Any:
    """The module, which lies where the handlers do."""
    import branches

    return branches


def seen(laid_out: Any, row: int) -> list[set[int]]:
    """For each position of a row, the positions that it sees."""
    return [set(torch.nonzero(line == 0).flatten().tolist()) for line in laid_out[2][row, 0]]


def test_common_beginnings_stand_once(branches: Any) -> None:
    tree = branches.grown(SEQUENCES)

    assert tree.tokens == [1, 14, 3, 1, 18, 20, 20]
    assert tree.depths == [0, 1, 0, 1, 2, 3, 2]


def test_each_token_sees_what_leads_to_it_and_no_other(branches: Any) -> None:
    tree = branches.grown(SEQUENCES)

    at = branches.laid_out([tree], 2, torch.float32, torch.device("cpu"))

    lines = seen(at, 0)
    assert lines[:2] == [{0}, {0, 1}]
    for sequence in SEQUENCES:
        path = {2 + tree.nodes[sequence[:length]] for length in range(1, len(sequence) + 1)}
        assert lines[2 + tree.nodes[sequence]] == {0, 1} | path
    assert at[1].tolist() == [[0, 1, 2, 3, 2, 3, 4, 5, 4]]


def test_what_fills_a_row_up_is_seen_by_nothing_else(branches: Any) -> None:
    small, large = branches.grown([(5, 6)]), branches.grown(SEQUENCES)

    at = branches.laid_out([small, large], 0, torch.float32, torch.device("cpu"))

    assert seen(at, 0) == [{0}, {0, 1}, {2}, {3}, {4}, {5}, {6}]
    assert at[0][0].tolist() == [5, 6, 0, 0, 0, 0, 0]
