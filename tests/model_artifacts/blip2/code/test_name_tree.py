from __future__ import annotations

import json
from itertools import product
from typing import Any

import numpy as np
import pytest


@pytest.fixture
def name_tree(inference: Any) -> Any:
    """The module, which is imported as the handlers import it."""
    import name_tree

    return name_tree


def many(count: int) -> list[tuple[int, ...]]:
    draw = np.random.default_rng(0)
    return [tuple(draw.integers(2, 3000, draw.integers(1, 6)).tolist()) for _ in range(count)]


def test_beginning_of_another_gets_end_token(name_tree: Any) -> None:
    assert name_tree.terminated([(5,), (5, 6), (5, 6, 7), (8,), (5,)], 1) == [
        [5, 1],
        [5, 6, 1],
        [5, 6, 7],
        [8],
        [5, 1],
    ]


def test_equal_sequences_stay_without_end_token(name_tree: Any) -> None:
    assert name_tree.terminated([(5, 6), (5, 6)], 1) == [[5, 6], [5, 6]]


def test_many_candidates_take_linear_work(model: Any) -> None:
    """20,000 take half a second; every one beside every other one would take ten minutes."""
    words = [word for word in model.scorer.tokenizer.get_vocab() if word.isalpha()][:40]
    candidates = [" ".join(three) for three in product(words, repeat=3)][:20_000]

    tokens = model.scorer.answer_tokens(candidates)

    assert len(tokens) == 20_000
    assert {len(one) for one in tokens} == {3}


def test_tree_of_many_names_takes_linear_work(name_tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """50,000 names take a second; every name beside every other one would take an hour."""
    compared = []
    common = name_tree._common

    def counted(*given: Any) -> int:
        compared.append(given)
        return common(*given)  # type: ignore[no-any-return]

    monkeypatch.setattr(name_tree, "_common", counted)
    paths = dict.fromkeys(tuple(one) for one in name_tree.terminated(dict.fromkeys(many(50_000)), 1))

    tree = name_tree.build_name_tree({str(path): {str(path): path} for path in paths})

    assert len(tree.names) == len(paths)
    assert len(compared) == len(tree.starts) - 1 < 2 * len(paths)


def test_nodes_hold_the_names_below(name_tree: Any) -> None:
    tree = name_tree.build_name_tree(
        {"bag": {"bag": [5, 1], "bag of holding": [5, 6, 7]}, "cup": {"cup": [8, 9, 10]}}
    )

    assert tree.names == ("bag", "bag of holding", "cup")
    assert tree.first_tokens(0) == [5, 8]
    fork, cup, bag, holding = range(1, 5)
    assert tree.first_tokens(fork) == [1, 6]
    assert tree.leaves.tolist() == [bag, holding, cup]
    assert (tree.starts[cup], tree.ends[cup]) == (0, 3)
    assert (tree.starts[holding], tree.ends[holding]) == (1, 3)


def test_document_gives_the_tree_again(name_tree: Any) -> None:
    tree = name_tree.build_name_tree(
        {"bag": {"bag": [5, 1], "sack": [3]}, "cup": {"cup": [8, 9]}, "key": {"bag key": [5, 6]}}
    )

    again = name_tree.read_tree(json.loads(json.dumps(tree.document())))

    for field, value in vars(tree).items():
        assert np.all(getattr(again, field) == value), field


def test_repeated_name_of_a_kind_counts_once(name_tree: Any) -> None:
    assert name_tree.build_name_tree({"bag": {"bag": [5], "Bag": [5]}}).names == ("bag",)


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ({"bag": {"sack": [5]}, "cup": {"sack": [5]}}, "'sack' of 'cup' and 'sack' of 'bag' have the same"),
        ({"bag": {"bag": [5]}, "key": {"bag key": [5, 6]}}, "'bag' is the beginning of 'bag key'"),
        ({"bag": {}}, "kind 'bag' must have at least one name"),
        ({"bag": {"": []}}, "kind 'bag' must have at least one name, and each name a token"),
        ({}, "a tree needs at least one kind"),
    ],
)
def test_ambiguous_names_are_refused(name_tree: Any, kinds: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        name_tree.build_name_tree(kinds)


def test_scorer_builds_the_tree_of_names(model: Any) -> None:
    tree = model.scorer.name_tree({"mug": ("mug", "blue mug"), "colour": ("blue",), "vase": ("vase",)})

    tokens = dict(zip(tree.names, tree.paths, strict=True))
    assert tokens["blue"] == (*tokens["blue mug"][:1], model.scorer.end)
    assert [tree.kinds[kind] for kind in tree.kind_of[tree.by_kind]] == ["mug", "mug", "colour", "vase"]


def test_end_token_is_the_configs(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """BLIP-2's OPT ends an answer with a line's end, which is not its tokenizer's end of a text."""
    import scoring

    line = model.scorer.tokenizer("photo", add_special_tokens=False).input_ids[0]
    monkeypatch.setattr(model.scorer.blip.config.text_config, "eos_token_id", line)
    scorer = scoring.Scorer(model.scorer.blip, model.scorer.processor)

    assert scorer.answer_tokens(("blue", "blue mug"))[0][-1] == line != scorer.tokenizer.eos_token_id
    with pytest.raises(scoring.UnscorableCandidateError, match="'photo' holds the token that ends an answer"):
        scorer.answer_tokens(("photo", "mug"))
