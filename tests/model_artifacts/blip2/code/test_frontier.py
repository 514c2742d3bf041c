"""The bounds of a search without a model: probabilities are drawn, and the answer is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.fixture(scope="module")
def frontier(inference: Any) -> Any:
    """The module, which is imported as the handlers import it."""
    import frontier

    return frontier


def tree_of(*kinds: dict[str, list[int]]) -> Any:
    from name_tree import build_name_tree

    return build_name_tree({f"kind {number}": names for number, names in enumerate(kinds)})


class Language:
    """log p of each next token, drawn for each prefix; few distinct values, so that ties are common."""

    def __init__(self, seed: int, photos: int, tokens: int) -> None:
        self._seed, self._photos, self._tokens = seed, photos, tokens

    def after(self, prefix: tuple[int, ...]) -> Any:
        draw = np.random.default_rng([self._seed, len(prefix), *prefix])
        share = draw.integers(1, 4, (self._photos, self._tokens)).astype(float)
        return np.log(share / share.sum(1, keepdims=True))

    def path(self, tokens: tuple[int, ...]) -> Any:
        return sum(self.after(tokens[:known])[:, tokens[known]] for known in range(len(tokens)))


def run(frontier: Any, language: Language, searched: Any, top: int, most: int) -> int:
    rounds = 0
    while nodes := searched.next_nodes(top, most):
        assert len(nodes) <= most
        for node in nodes:
            path, wanted = searched.wanted(node)
            columns = [language.after(path[:known])[:, token] for known, token in wanted]
            searched.learn(node, np.stack(columns, axis=1))
        rounds += 1
    return rounds


names = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple), min_size=1, max_size=25)


@given(
    drawn=names,
    seed=st.integers(0, 1000),
    kinds=st.integers(1, 12),
    top=st.integers(1, 6),
    most=st.integers(1, 5),
    photos=st.integers(1, 3),
    priors=st.booleans(),
)
@settings(max_examples=150)
def test_answer_equals_brute_force(
    frontier: Any, drawn: Any, seed: int, kinds: int, top: int, most: int, photos: int, priors: bool
) -> None:
    from name_tree import build_name_tree, terminated

    unique = list(dict.fromkeys(drawn))
    dealt: dict[str, dict[str, list[int]]] = {}
    for number, path in enumerate(terminated(unique, 4)):
        dealt.setdefault(str(number % kinds), {})[str(path)] = path
    tree = build_name_tree(dealt)
    language = Language(seed, photos, 5)
    weights = 0.5 * np.random.default_rng(seed).uniform(0, 6, len(tree.names)) if priors else None
    searched = frontier.Frontier(tree, photos, weights)

    run(frontier, language, searched, top, most)

    firsts = [path[0] for path in tree.paths]
    shares = np.minimum(1, 2 * np.exp(language.after(())[:, firsts]).max(1))
    p = np.array([np.average(np.exp(language.path(path)), weights=shares) for path in tree.paths])
    scores = p * np.exp(weights if weights is not None else 0)
    sums = [scores[tree.kind_of == kind].sum() for kind in range(len(tree.kinds))]
    answer = searched.answer(top)
    assert np.exp([one.score for one in answer.top]) == pytest.approx(sorted(sums, reverse=True)[:top])
    for one in answer.top:
        own = tree.kind_of == tree.kinds.index(one.kind)
        assert one.p == pytest.approx(p[own].sum())
        assert p[tree.names.index(one.name)] == pytest.approx(p[own].max())
    rest = p.sum() - sum(one.p for one in answer.top)
    assert answer.rest_at_least - 1e-9 <= rest <= answer.rest_at_most + 1e-9


def pooled(frontier: Any, photos: Sequence[Sequence[float]]) -> dict[str, float]:
    """The probability of each kind by these photos, each with the probabilities of the kinds' only tokens."""
    tree = tree_of(*({f"name {token}": [token]} for token in range(len(photos[0]))))
    searched = frontier.Frontier(tree, len(photos))
    with np.errstate(divide="ignore"):
        searched.learn(0, np.log(photos))
    return {one.kind: one.p for one in searched.answer(len(photos[0])).top}


# What is left to one is said of nothing in the tree.
seen = st.lists(st.floats(0.001, 0.3), min_size=3, max_size=3) | st.just([0.9, 0.05, 0.01])


@given(photos=st.lists(seen, min_size=1, max_size=4), data=st.data())
@settings(max_examples=60)
def test_photos_count_by_what_they_show(
    frontier: Any, photos: list[list[float]], data: st.DataObject
) -> None:
    found = pooled(frontier, photos)
    columns = list(zip(*photos, strict=True))
    for kind, p in found.items():
        of_photos = columns[int(kind.removeprefix("kind "))]
        assert min(of_photos) - 1e-9 <= p <= max(of_photos) + 1e-9
    assert pooled(frontier, photos * 2) == pytest.approx(found)
    assert pooled(frontier, data.draw(st.permutations(photos))) == pytest.approx(found)
    assert pooled(frontier, [*photos, [1e-9, 1e-9, 1e-9]]) == pytest.approx(found, rel=1e-4)


def test_close_up_leaves_the_kind_stated(frontier: Any) -> None:
    """By the plain mean the kind had 0.47 and 0.43."""
    assert pooled(frontier, [[0.93, 0.01], [0.01, 0.02]])["kind 0"] == pytest.approx(0.895, abs=0.001)
    assert pooled(frontier, [[0.83, 0.01], [0.04, 0.1]])["kind 0"] == pytest.approx(0.698, abs=0.001)


def test_photos_of_two_things_disagree(frontier: Any) -> None:
    assert max(pooled(frontier, [[0.9, 0.02], [0.03, 0.6]]).values()) < 0.5


def test_unlikely_prefixes_stay_open(frontier: Any) -> None:
    tree = tree_of({"a": [0, 1]}, {"b": [0, 2]}, {"c": [1, 3]}, {"d": [1, 4, 5]})
    searched = frontier.Frontier(tree, 1)
    searched.learn(0, np.log([[0.9, 0.1]]))
    (node,) = searched.next_nodes(2, 1)
    searched.learn(node, np.log([[0.5, 0.4]]))

    assert searched.next_nodes(2, 8) == []
    answer = searched.answer(2)
    assert [one.p for one in answer.top] == pytest.approx([0.45, 0.36])
    assert (answer.rest_at_least, answer.rest_at_most) == (0, pytest.approx(0.1))


def test_shared_prefix_counts_once(frontier: Any) -> None:
    """Two names of one kind below a prefix of 0.4 cannot have 0.8 together."""
    tree = tree_of({"a": [0]}, {"b": [1, 2], "c": [1, 3]})
    searched = frontier.Frontier(tree, 1)
    searched.learn(0, np.log([[0.5, 0.4]]))

    assert searched.next_nodes(1, 8) == []


def test_open_alias_of_found_kind_is_read(frontier: Any) -> None:
    tree = tree_of({"a": [0], "b": [1, 2]}, {"c": [3, 4]})
    searched = frontier.Frontier(tree, 1)
    searched.learn(0, np.log([[0.5, 0.3, 0.2]]))

    (node,) = searched.next_nodes(1, 8)
    searched.learn(node, np.log([[0.5]]))

    assert searched.next_nodes(1, 8) == []
    assert searched.answer(1).top[0].p == pytest.approx(0.65)


def test_vanishing_probabilities_are_ranked(frontier: Any) -> None:
    """exp(-900) is zero as a number."""
    tree = tree_of({"a": [0]}, {"b": [1]}, {"c": [2]})
    searched = frontier.Frontier(tree, 2)
    searched.learn(0, np.array([[-900.0, -800.0, -850.0], [-950.0, -1000.0, -850.0]]))

    assert [one.name for one in searched.answer(3).top] == ["b", "c", "a"]


def test_rounding_cannot_lift_a_name(frontier: Any) -> None:
    tree = tree_of({"a": [0, 1]}, {"b": [2]})
    searched = frontier.Frontier(tree, 1)
    searched.learn(0, np.log([[0.6, 0.4]]))
    (node,) = searched.next_nodes(1, 8)
    searched.learn(node, np.array([[1e-7]]))

    assert searched.answer(1).top[0].p == pytest.approx(0.6, abs=1e-12)


@pytest.mark.parametrize(
    ("names", "said", "p"),
    [
        ((0.02, 0.3), "samovar", 0.4),  # no photo shows a name
        ((0.02, 0.6), "cup", 0.5 / 1.04),  # one does
        ((0.9, 0.6), "samovar", 0.4),
    ],
)
def test_text_of_a_nameless_thing_is_said(
    frontier: Any, names: tuple[float, ...], said: str, p: float
) -> None:
    from free_answer import FreeAnswer, likeliest_text

    searched = frontier.Frontier(tree_of({"mug": [0]}), 2)
    searched.learn(0, np.log([[name] for name in names]))
    texts = ("samovar", 0.8), ("cup", 0.5)
    answers = [FreeAnswer(0, 9, 3, [len(text)], np.log(share)) for text, share in texts]

    tokens, found = likeliest_text(answers, searched.text_weights())

    assert tokens == (len(said),)
    assert found == pytest.approx(p)
