"""The search against the score of every name, on random weights of both families."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.model.compare import noise, scorer_of
from benchmarks.model.random_blip2 import MINIATURE, Family

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROMPTS = ("Question: what is this? Answer:", "a photo of")
END = 1
CLOSE = 1e-4


@pytest.fixture(scope="module", params=get_args(Family))
def scorer(request: pytest.FixtureRequest) -> Any:
    return scorer_of(request.param, MINIATURE)


@pytest.fixture(scope="module")
def features(scorer: Any) -> Any:
    return scorer.encode(noise(4, 56))


@pytest.fixture
def search_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small trees are searched too."""
    monkeypatch.setattr("search.FEW", 0)


@pytest.fixture(autouse=True)
def clear(inference: Any) -> Iterator[None]:
    """The modules are imported as the handlers import them."""
    yield


def tree_of(kinds: Mapping[str, Sequence[tuple[int, ...]]]) -> Any:
    from name_tree import build_name_tree, terminated

    flat = [(kind, tokens) for kind, names in kinds.items() for tokens in names]
    ended = terminated([tokens for _, tokens in flat], END)
    named: dict[str, dict[str, list[int]]] = {kind: {} for kind in kinds}
    for (kind, tokens), path in zip(flat, ended, strict=True):
        named[kind][" ".join(map(str, tokens))] = path
    return build_name_tree(named)


def brute_force(scorer: Any, features: Any, search: Any, tree: Any) -> dict[str, tuple[float, float]]:
    """Each kind's probability and weighted score, from the score of every name."""
    from scoring import PhotoPrompt

    answers = [list(path) for path in tree.paths]
    rows = scorer.score_prompts(
        features, [PhotoPrompt(photo, search.prompt, answers) for photo in search.photos]
    )
    p = torch.stack(rows).double().exp().mean(0).numpy()
    weights = np.zeros(len(p)) if search.weights is None else search.weights
    found = {}
    for number, kind in enumerate(tree.kinds):
        own = (tree.kind_of == number) & (weights > -np.inf)
        if own.any():
            found[kind] = (float(p[own].sum()), float(np.log((p[own] * np.exp(weights[own])).sum())))
    return found


def check(scorer: Any, features: Any, searches: Sequence[Any], tree: Any, top: int = 5) -> Any:
    answers, cost = scorer.search(features, searches, tree, top)
    for search, answer in zip(searches, answers, strict=True):
        whole = brute_force(scorer, features, search, tree)
        best = sorted((score for _, score in whole.values()), reverse=True)
        assert [one.score for one in answer.top] == pytest.approx(best[:top], abs=CLOSE)
        assert len({one.kind for one in answer.top}) == len(answer.top)
        for one in answer.top:
            assert (one.p, one.score) == pytest.approx(whole[one.kind], rel=1e-3, abs=CLOSE)
        rest = sum(p for p, _ in whole.values()) - sum(one.p for one in answer.top)
        assert answer.rest_at_least - CLOSE <= rest <= answer.rest_at_most + CLOSE
    return answers, cost


def search_of(photos: Sequence[int], prompt: str = PROMPTS[0], weights: Any = None) -> Any:
    from search import Search

    return Search(tuple(photos), prompt, weights)


def random_kinds(seed: int, names: int, kinds: int, words: int = 60) -> dict[str, list[tuple[int, ...]]]:
    """Names of 1 to 6 tokens that share beginnings, dealt to kinds at random."""
    draw = np.random.default_rng(seed)
    known: list[tuple[int, ...]] = []
    for _ in range(names):
        begin = known[draw.integers(len(known))] if known and draw.random() < 0.4 else ()
        begin = begin[: draw.integers(len(begin) + 1)]
        more = draw.integers(2, words, draw.integers(1, 4)).tolist()
        known.append((*begin, *more))
    unique = list(dict.fromkeys(known))
    dealt: dict[str, list[tuple[int, ...]]] = {}
    for number, tokens in enumerate(unique):
        dealt.setdefault(f"kind {number if number < kinds else draw.integers(kinds)}", []).append(tokens)
    return dealt


sequences = st.lists(
    st.lists(st.integers(2, 6), min_size=1, max_size=6).map(tuple), min_size=1, max_size=30, unique=True
)


@given(names=sequences, kinds=st.integers(1, 30), top=st.integers(1, 8), photos=st.integers(1, 3))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_search_equals_brute_force(
    scorer: Any, features: Any, search_all: None, names: Any, kinds: int, top: int, photos: int
) -> None:
    dealt: dict[str, list[tuple[int, ...]]] = {}
    for number, tokens in enumerate(names):
        dealt.setdefault(str(number % kinds), []).append(tokens)

    check(scorer, features, [search_of(range(photos))], tree_of(dealt), top)


@pytest.mark.parametrize(("names", "kinds"), [(400, 400), (400, 90)])
def test_large_trees_equal_brute_force(scorer: Any, features: Any, names: int, kinds: int) -> None:
    tree = tree_of(random_kinds(names, names, kinds))

    answers, cost = check(
        scorer,
        features,
        [search_of([0]), search_of([1, 2], PROMPTS[1]), search_of([3, 0, 1])],
        tree,
    )

    assert cost.rounds > 1
    assert len(answers) == 3
