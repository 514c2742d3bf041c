"""Asks the handlers of a model, and a plain forward pass for each name alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.model.generation import likelihood

from .conftest import ALL, QUESTIONS, VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL import Image

    Numbers = NDArray[np.float64]

CLOSE = 1e-4
Document = dict[str, Any]


def predict(inference: Any, model: Any, document: Document) -> Any:
    answer, _ = inference.output_fn(inference.predict_fn(inference.input_fn(json.dumps(document)), model))
    return json.loads(answer)


def ask(
    inference: Any,
    model: Any,
    photos: Sequence[Image.Image],
    departments: Sequence[str] = ALL,
    questions: Sequence[str] = QUESTIONS,
    wear_tiles: int = 0,
) -> Any:
    return inference.predict_batch([asked(photos, departments, questions, wear_tiles)], model)[0]


def asked(
    photos: Sequence[Image.Image],
    departments: Sequence[str] = ALL,
    questions: Sequence[str] = QUESTIONS,
    wear_tiles: int = 0,
) -> Any:
    from contract import Request

    return Request(tuple(photos), VERSION, tuple(departments), tuple(questions), wear_tiles)


def plain(model: Any, photos: Sequence[Image.Image], question: str, names: Sequence[str]) -> Numbers:
    """Log p of each name after the question, one forward pass for each: (photos, names)."""
    return _plain(model, photos, question, model.scorer.answer_tokens(names))


def pooled(
    model: Any, photos: Sequence[Image.Image], question: str, names: Sequence[str], asked: Sequence[str]
) -> dict[str, float]:
    """The probability of each name, a weighted mean over the photos.

    A photo that is half certain of the first token of a name that is `asked` counts whole; below, in
    proportion.
    """
    firsts = {tokens[0] for tokens in model.scorer.answer_tokens(asked)}
    first = np.exp(_plain(model, photos, question, [[token] for token in sorted(firsts)])).max(1)
    shares = np.average(np.exp(plain(model, photos, question, names)), 0, np.minimum(1, 2 * first))
    return dict(zip(names, shares.tolist(), strict=True))


def _plain(
    model: Any, photos: Sequence[Image.Image], question: str, answers: Sequence[Sequence[int]]
) -> Numbers:
    scorer, prompt = model.scorer, f"Question: {question} Answer:"
    rows = [
        [likelihood(scorer.blip, scorer.processor, photo, prompt, list(tokens)) for tokens in answers]
        for photo in photos
    ]
    return np.array(rows)


def same(one: Any, other: Any) -> bool:
    """Whether two answers are equal, apart from rounding."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == pytest.approx(other, abs=CLOSE) if isinstance(one, float) else one == other)
