from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from benchmarks.model.compare import score

if TYPE_CHECKING:
    from PIL import Image

PROMPTS = ("Question: what is this? Answer:", "a photo of")
CANDIDATES = (("mug", "blue mug", "blue", "a blue mug with a chip"), ("yes", "no"))


def likelihood(scorer: Any, photo: Image.Image, prompt: str, tokens: list[int]) -> float:
    """Σ log p of one answer by the model's own loss, one forward pass for it alone."""
    inputs = scorer.processor(images=photo, text=prompt, return_tensors="pt")
    with torch.inference_mode():
        loss = scorer.blip(**inputs, labels=torch.tensor([tokens])).loss
    return -float(loss) * len(tokens)


def test_scores_equal_single_likelihoods(model: Any, photos: list[Image.Image]) -> None:
    scorer = model.scorer

    tables = score(scorer, scorer.encode(photos), PROMPTS, CANDIDATES)

    for prompt, words, table in zip(PROMPTS, CANDIDATES, tables, strict=True):
        answers = scorer.answer_tokens(words)
        naive = [[likelihood(scorer, photo, prompt, tokens) for tokens in answers] for photo in photos]
        assert table.tolist() == [pytest.approx(row, abs=1e-3) for row in naive]


def test_many_prompts_score_the_same(
    model: Any, photos: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = model.scorer
    seen = scorer.encode(photos)
    whole = score(scorer, seen, PROMPTS, CANDIDATES)
    monkeypatch.setattr("t5._ROWS", {"cpu": 2})

    parts = score(scorer, seen, PROMPTS, CANDIDATES)

    for one, other in zip(whole, parts, strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def test_prefix_answer_gets_end_token(model: Any) -> None:
    short, longer, other = model.scorer.answer_tokens(("blue", "blue mug", "vase"))

    assert short[-1] == model.scorer.tokenizer.eos_token_id
    assert (len(longer), len(other)) == (2, 1)
