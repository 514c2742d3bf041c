from __future__ import annotations

from typing import Any

import pytest
import torch

# "cat", "car" and "cart" share a prefix; "an" shares none.
SEQUENCES = ((3, 1, 20), (3, 1, 18), (3, 1, 18, 20), (1, 14), (3, 1, 18))


@pytest.fixture
def token_tree(inference: Any) -> Any:
    """The module, which is imported as the handlers import it."""
    import token_tree

    return token_tree


def visible(laid_out: Any, row: int) -> list[set[int]]:
    """For each position of a row, the positions visible to it."""
    return [set(torch.nonzero(line == 0).flatten().tolist()) for line in laid_out[2][row, 0]]


def test_common_prefix_is_held_once(token_tree: Any) -> None:
    tree = token_tree.build_tree(SEQUENCES)

    assert tree.tokens == [1, 14, 3, 1, 18, 20, 20]
    assert tree.depths == [0, 1, 0, 1, 2, 3, 2]


def test_token_sees_its_ancestors_only(token_tree: Any) -> None:
    tree = token_tree.build_tree(SEQUENCES)

    at = token_tree.layout([tree], 2, torch.float32, torch.device("cpu"))

    lines = visible(at, 0)
    assert lines[:2] == [{0}, {0, 1}]
    for sequence in SEQUENCES:
        path = {2 + tree.nodes[sequence[:length]] for length in range(1, len(sequence) + 1)}
        assert lines[2 + tree.nodes[sequence]] == {0, 1} | path
    assert at[1].tolist() == [[0, 1, 2, 3, 2, 3, 4, 5, 4]]


def test_padding_is_hidden_from_tokens(token_tree: Any) -> None:
    small, large = token_tree.build_tree([(5, 6)]), token_tree.build_tree(SEQUENCES)

    at = token_tree.layout([small, large], 0, torch.float32, torch.device("cpu"))

    assert visible(at, 0) == [{0}, {0, 1}, {2}, {3}, {4}, {5}, {6}]
    assert at[0][0].tolist() == [5, 6, 0, 0, 0, 0, 0]
