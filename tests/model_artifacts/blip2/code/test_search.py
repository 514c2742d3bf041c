"""The search against the score of every name, on random weights of both families."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.model import generation
from benchmarks.model.compare import scorer_of
from benchmarks.model.random_blip2 import MINIATURE, Family
from benchmarks.model.random_photos import noise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from PIL import Image

PROMPTS = ("Question: what is this? Answer:", "a photo of")
END = 1
CLOSE = 1e-4


@pytest.fixture(scope="module", params=get_args(Family))
def scorer(inference: Any, request: pytest.FixtureRequest) -> Any:
    torch.set_num_threads(1)
    return scorer_of(request.param, MINIATURE)


@pytest.fixture
def sharp(scorer: Any) -> Iterator[Any]:
    """The same model, more certain of what it says."""
    head = scorer.blip.language_model.lm_head.weight
    with torch.no_grad():
        head.mul_(8)
        yield scorer
        head.mul_(1 / 8)


@pytest.fixture(scope="module")
def features(scorer: Any) -> Any:
    return scorer.encode(noise(4, 56))


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
    p = torch.stack(rows).double().exp().numpy()
    weights = np.zeros(p.shape[1]) if search.weights is None else search.weights
    firsts = sorted({path[0] for path, own in zip(tree.paths, weights, strict=True) if own > -np.inf})
    begun = scorer.score_prompts(
        features, [PhotoPrompt(photo, search.prompt, [[one] for one in firsts]) for photo in search.photos]
    )
    p = np.average(p, 0, np.minimum(1, 2 * torch.stack(begun).double().exp().numpy().max(1)))
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


def search_of(photos: Sequence[int], prompt: str = PROMPTS[0], weights: Any = None, free: int = 0) -> Any:
    from search import Search

    return Search(tuple(photos), prompt, weights, free)


def generated(scorer: Any, photo: Image.Image, prompt: str, end: int) -> list[int]:
    """The tokens of a plain greedy `generate` up to its end token."""
    inputs = scorer.processor(images=[photo], text=[prompt], return_tensors="pt")
    with torch.inference_mode():
        tokens: list[int] = scorer.blip.generate(
            **inputs, max_new_tokens=6, do_sample=False, num_beams=1, eos_token_id=end, pad_token_id=0
        )[0].tolist()
    # OPT's output begins with the prompt, T5's with the decoder's start token.
    decoder_only = scorer.blip.config.use_decoder_only_language_model
    said: list[int] = tokens[inputs["input_ids"].shape[1] if decoder_only else 1 :]
    return said[: said.index(end)] if end in said else said


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
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_search_equals_brute_force(
    scorer: Any, features: Any, names: Any, kinds: int, top: int, photos: int
) -> None:
    dealt: dict[str, list[tuple[int, ...]]] = {}
    for number, tokens in enumerate(names):
        dealt.setdefault(str(number % kinds), []).append(tokens)

    check(scorer, features, [search_of(range(photos))], tree_of(dealt), top)


@pytest.mark.parametrize(("names", "kinds"), [(200, 200), (200, 50)])
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


def test_sharp_model_needs_few_rounds(sharp: Any, features: Any) -> None:
    tree = tree_of(random_kinds(1, 300, 300))

    _, cost = check(sharp, features, [search_of([0]), search_of([1, 2])], tree)

    assert 1 < cost.rounds <= 8
    assert cost.rows < len(tree.names)


def test_weights_rank_and_leave_out(scorer: Any, features: Any) -> None:
    tree = tree_of(random_kinds(5, 120, 40))
    weights = -0.7 * np.random.default_rng(0).uniform(-20, 0, len(tree.names))
    weights[::3] = -np.inf

    check(scorer, features, [search_of([0, 1], weights=weights)], tree, 7)


def test_left_out_kinds_are_never_answered(scorer: Any, features: Any) -> None:
    tree = tree_of({"a": [(5,)], "b": [(6, 7), (6, 8)], "c": [(9,)]})
    weights = np.where(tree.kind_of == 1, 0.0, -np.inf)

    (answer,), _ = scorer.search(features, [search_of([0], weights=weights)], tree)

    assert [one.kind for one in answer.top] == ["b"]
    assert answer.rest_at_most == 0


@pytest.mark.parametrize("kinds", [{"a": [(5,)]}, {"a": [(5, 6, 7)]}, {"a": [(5,), (5, 6)], "b": [(7,)]}])
def test_fewer_kinds_than_asked(scorer: Any, features: Any, kinds: dict[str, list[tuple[int, ...]]]) -> None:
    (answer,), _ = check(scorer, features, [search_of([0, 1])], tree_of(kinds))

    assert len(answer.top) == len(kinds)


def test_many_searches_answer_like_each_alone(
    scorer: Any, features: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tree_of(random_kinds(7, 110, 110))
    searches = [search_of([0, 1]), search_of([2], PROMPTS[1]), search_of([3])]
    together, _ = scorer.search(features, searches, tree)
    monkeypatch.setattr("search._PREFIXES", 2)
    monkeypatch.setattr("search._NODES", 3)
    monkeypatch.setattr("t5._STEPS", 4)

    apart, _ = scorer.search(features, searches, tree)

    for one, other in zip(together, apart, strict=True):
        assert [kind.score for kind in one.top] == pytest.approx(
            [kind.score for kind in other.top], abs=CLOSE
        )


def test_photos_count_the_same(scorer: Any, features: Any) -> None:
    tree = tree_of(random_kinds(9, 60, 60))

    (once, again), _ = scorer.search(features, [search_of([0]), search_of([0, 0, 0])], tree)

    assert [(kind.kind, pytest.approx(kind.p, abs=1e-6)) for kind in once.top] == [
        (kind.kind, kind.p) for kind in again.top
    ]


def test_nan_in_a_search_is_named(scorer: Any, features: Any) -> None:
    from language_model import NonFiniteScoreError

    tree = tree_of(random_kinds(3, 200, 200))

    with pytest.raises(NonFiniteScoreError, match="what is this"):
        scorer.search(torch.full_like(features, torch.nan), [search_of([0])], tree)


@pytest.mark.parametrize("wrong", [{"top": 0}, {"searches": []}])
def test_search_for_nothing_is_refused(scorer: Any, features: Any, wrong: dict[str, Any]) -> None:
    given: dict[str, Any] = {"searches": [search_of([0])], "tree": tree_of({"a": [(5,)]}), "top": 5} | wrong

    with pytest.raises(ValueError, match="at least one"):
        scorer.search(features, **given)


@pytest.mark.parametrize("weights", [np.zeros(2), np.array([np.nan])])
def test_wrong_weights_are_refused(scorer: Any, features: Any, weights: Any) -> None:
    with pytest.raises(ValueError, match="weights: must be 1 number"):
        scorer.search(features, [search_of([0], weights=weights)], tree_of({"a": [(5,)]}))


def test_search_leaves_scores_unchanged(scorer: Any, features: Any) -> None:
    tree = tree_of(random_kinds(2, 50, 50))
    before = brute_force(scorer, features, search_of([0]), tree)

    first, _ = scorer.search(features, [search_of([0])], tree)
    second, _ = scorer.search(features, [search_of([0])], tree)

    assert first == second
    assert brute_force(scorer, features, search_of([0]), tree) == before


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("ends_after", [None, 0, 1, 3])
def test_free_answer_equals_generate(
    scorer: Any, features: Any, monkeypatch: pytest.MonkeyPatch, prompt: str, ends_after: int | None
) -> None:
    tree = tree_of(random_kinds(3, 150, 150))
    photos = noise(4, 56)
    ends = END if ends_after is None else generated(scorer, photos[1], prompt, END)[ends_after]
    monkeypatch.setattr(scorer, "end", ends)

    for number, photo in enumerate(photos):
        tokens = generated(scorer, photo, prompt, ends)
        (answer,), _ = scorer.search(features, [search_of([number], prompt, free=6)], tree)
        if not tokens:
            assert answer.said is None
            continue
        log_p = generation.likelihood(scorer.blip, scorer.processor, photo, prompt, tokens)
        assert answer.said.text == " ".join(scorer.tokenizer.decode(tokens).split())
        assert answer.said.p == pytest.approx(np.exp(log_p), rel=1e-3)


def test_free_answer_takes_the_search_rounds(scorer: Any, features: Any) -> None:
    tree = tree_of(random_kinds(3, 150, 150))
    searches = [search_of([0]), search_of([1, 2], PROMPTS[1])]
    _, without = scorer.search(features, searches, tree)

    answers, cost = scorer.search(features, [replace(one, free=2) for one in searches], tree)

    assert all(answer.said for answer in answers)
    assert cost.rounds == without.rounds
    check(scorer, features, [replace(one, free=6) for one in searches], tree)


def test_likeliest_text_of_photos_is_said(scorer: Any, features: Any) -> None:
    tree = tree_of({"a": [(5,)]})
    alone = [scorer.search(features, [search_of([photo], free=6)], tree)[0][0] for photo in range(4)]
    weights = np.minimum(1, [2 * one.top[0].p for one in alone])
    if weights.max() < 1:
        weights = np.ones(4)

    (answer,), _ = scorer.search(features, [search_of(range(4), free=6)], tree)

    p: dict[str, float] = {}
    for one, weight in zip(alone, weights / weights.sum(), strict=True):
        p[one.said.text] = p.get(one.said.text, 0) + one.said.p * weight
    assert answer.said.p == pytest.approx(max(p.values()), rel=1e-4)
    assert p[answer.said.text] == pytest.approx(answer.said.p, rel=1e-4)
