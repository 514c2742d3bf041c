"""Scoring compared with generation on the same weights: the ways, their times, and whether they agree."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import torch

import catalogue
from benchmarks.figures import Figure, say
from benchmarks.model import generation
from benchmarks.model.generation import Question
from benchmarks.model.random_blip2 import IMAGE, Family, Size, blip, processor
from benchmarks.model.random_photos import noise
from model_artifacts.blip2_demo.training.evaluate import handlers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL import Image

CAPTION = "a photo of"
GOALS: dict[str, dict[int, float]] = {"t5": {1: 3, 8: 3.5}, "opt": {1: 4, 8: 5}}
TIE = 1e-3
_WEAR = 4


def closed_questions(scorer: Any) -> list[Question]:
    """Return six of the questions about the demo's goods: type, material, and four about wear."""
    goods = catalogue.load(catalogue.DRAWN)
    (department,) = goods.departments.values()
    texts = [
        (goods.questions.type, tuple(kind.answer for kind in department.kinds)),
        (goods.questions.material, tuple(material.answer for material in department.materials)),
        *((wear.question, ("yes", "no")) for wear in department.wear[:_WEAR]),
    ]
    return [
        Question(f"Question: {text} Answer:", candidates, max(map(len, scorer.answer_tokens(candidates))))
        for text, candidates in texts
    ]


def seconds(work: Callable[[], object]) -> float:
    """Time the work: on one CPU thread in CPU seconds, which other load does not change; else wall clock."""
    on_gpu = torch.cuda.is_available()
    clock = time.process_time if not on_gpu and torch.get_num_threads() == 1 else time.perf_counter
    started = clock()
    work()
    if on_gpu:
        torch.cuda.synchronize()
    return clock() - started


def ways(scorer: Any, photos: list[Image.Image]) -> dict[str, Callable[[], object]]:
    """Return each way to answer the same questions about the same photos, and to caption the first photo."""
    model, inputs, questions = scorer.blip, scorer.processor, closed_questions(scorer)
    prompts = [question.prompt for question in questions]
    candidates = [question.candidates for question in questions]
    features = scorer.encode(photos[:1])
    return {
        "naive": lambda: generation.one_by_one(model, inputs, photos, questions),
        "ours": lambda: score(scorer, scorer.encode(photos), prompts, candidates),
        "batched": lambda: generation.photo_by_photo(model, inputs, photos, questions),
        "floor": lambda: generation.least_passes(scorer, photos, prompts),
        "caption": lambda: scorer.captions(features, CAPTION),
        "naive_caption": lambda: generation.generate(model, inputs, photos[:1], [CAPTION], 30),
    }


def score(
    scorer: Any, features: Any, prompts: Sequence[str], candidates: Sequence[Sequence[str]]
) -> list[Any]:
    """Return Σ log p of each prompt's candidates: one (photos, candidates) table in fp32 for each prompt."""
    from scoring import PhotoPrompt

    pairs = [
        PhotoPrompt(photo, prompt, answers)
        for prompt, answers in zip(prompts, map(scorer.answer_tokens, candidates), strict=True)
        for photo in range(len(features))
    ]
    rows = scorer.score_prompts(features, pairs)
    return [torch.stack(rows[at : at + len(features)]) for at in range(0, len(rows), len(features))]


def compare(family: Family, scorer: Any, rounds: dict[int, int]) -> tuple[list[Figure], dict[str, Any]]:
    """Run all ways in turn for each number of photos; return figures and the least seconds of each way."""
    figures, taken = [], {}
    for count, times in rounds.items():
        todo = ways(scorer, noise(count))
        for name in ("ours", "floor", "caption"):
            todo[name]()
        found = [{name: seconds(way) for name, way in todo.items()} for _ in range(times)]
        best = {name: min(one[name] for one in found) for name in todo}
        taken[f"{count}_photos"] = {name: round(value, 4) for name, value in best.items()}
        say(f"{family}, {count} photos, seconds: {taken[f'{count}_photos']}")
        label = f"{family}_{count}_photos"
        figures += [
            Figure(f"{label}_naive_over_ours", best["naive"] / best["ours"], GOALS[family].get(count)),
            Figure(f"{label}_batched_over_ours", best["batched"] / best["ours"]),
            Figure(f"{label}_ours_over_floor", best["ours"] / best["floor"], at_most=1.15),
            Figure(f"{label}_ours_ms_per_photo", 1000 * best["ours"] / count),
        ]
        ours = best["ours"] + best["caption"]
        figures += [
            Figure(f"{label}_with_caption_naive_over_ours", (best["naive"] + best["naive_caption"]) / ours),
            Figure(
                f"{label}_with_caption_batched_over_ours", (best["batched"] + best["naive_caption"]) / ours
            ),
            Figure(f"{label}_with_caption_ours_over_floor", ours / (best["floor"] + best["caption"])),
        ]
    return figures, taken


def agreement(family: Family, scorer: Any, count: int = 2) -> list[Figure]:
    """Compare scores with the likelihood of each candidate alone: difference, and share of equal answers."""
    questions, photos = closed_questions(scorer), noise(count)
    tables = score(
        scorer,
        scorer.encode(photos),
        [one.prompt for one in questions],
        [one.candidates for one in questions],
    )
    largest, same = 0.0, 0
    for question, table in zip(questions, tables, strict=True):
        answers = scorer.answer_tokens(question.candidates)
        for photo, row in zip(photos, table.tolist(), strict=True):
            plain = [
                generation.likelihood(scorer.blip, scorer.processor, photo, question.prompt, answer)
                for answer in answers
            ]
            largest = max(largest, *(abs(one - other) for one, other in zip(row, plain, strict=True)))
            same += max(plain) - plain[row.index(max(row))] < TIE
    return [
        Figure(f"{family}_score_difference", largest, at_most=TIE),
        Figure(f"{family}_same_answers_percent", 100 * same / (len(questions) * count), at_least=100),
    ]


def scorer_of(family: Family, size: Size) -> Any:
    """Return the artifact's scorer with random weights."""
    handlers()
    from scoring import Scorer

    words = processor(family, size)
    model = blip(family, size, words.tokenizer.convert_tokens_to_ids(IMAGE))
    model.set_attn_implementation("sdpa")
    return Scorer(model, words)
