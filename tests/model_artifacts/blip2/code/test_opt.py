"""Both families of BLIP-2, on random weights: an OPT reads and answers by other ways than a T5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.model.compare import score
from benchmarks.model.generation import likelihood
from benchmarks.model.random_blip2 import MINIATURE, Family, blip, processor
from model_artifacts.blip2.tools import catalogue_file

if TYPE_CHECKING:
    from pathlib import Path

PROMPTS = ("Question: what is this? Answer:", "Question: is there a crack on the blue vase? Answer:")
CANDIDATES = (("mug", "blue mug", "ceramic", "blue", "unknown leather table"), ("yes", "no"))


@pytest.fixture(scope="module", params=get_args(Family))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved model of each family."""
    path = tmp_path_factory.mktemp(request.param)
    words = processor(request.param, MINIATURE)
    blip(request.param, MINIATURE, words.tokenizer.convert_tokens_to_ids("<image>")).save_pretrained(path)
    words.save_pretrained(path)
    catalogue_file.write(path, "drawn")
    return path


@pytest.fixture(scope="module")
def loaded(inference: Any, folder: Path) -> Any:
    return inference.model_fn(str(folder))


@pytest.fixture(scope="module")
def noise() -> list[Image.Image]:
    random = np.random.default_rng(0)
    return [Image.fromarray(random.integers(0, 255, (56, 56, 3), dtype=np.uint8)) for _ in range(3)]


def test_scores_equal_single_likelihoods(loaded: Any, noise: list[Image.Image]) -> None:
    scorer = loaded.scorer

    tables = score(scorer, scorer.encode(noise), PROMPTS, CANDIDATES)

    for prompt, words, table in zip(PROMPTS, CANDIDATES, tables, strict=True):
        answers = scorer.answer_tokens(words)
        plain = [
            [likelihood(scorer.blip, scorer.processor, photo, prompt, tokens) for tokens in answers]
            for photo in noise
        ]
        assert table.tolist() == [pytest.approx(row, abs=1e-4) for row in plain]
        assert table.std(0).max() > 1e-2, "the photos must be told apart"


def test_split_passes_score_the_same(
    loaded: Any, noise: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = loaded.scorer
    seen = scorer.encode(noise)
    whole = score(scorer, seen, PROMPTS, CANDIDATES)
    monkeypatch.setattr("t5._ANSWERS", 5)
    monkeypatch.setattr("opt._TREE", 20)
    monkeypatch.setattr("opt._PASS", 150)

    for one, other in zip(whole, score(scorer, seen, PROMPTS, CANDIDATES), strict=True):
        assert torch.allclose(one, other, atol=1e-4)


def test_prefix_answer_gets_end_token(loaded: Any) -> None:
    short, longer, other = loaded.scorer.answer_tokens(("blue", "blue mug", "ceramic"))

    assert (len(short), len(longer), len(other)) == (2, 2, 2)
    assert short[-1] == loaded.scorer.tokenizer.eos_token_id


def test_batched_captions_equal_single_captions(loaded: Any, noise: list[Image.Image]) -> None:
    scorer = loaded.scorer
    seen = scorer.encode(noise)

    together = scorer.captions(seen, "a photo of", 5)

    assert together == [scorer.captions(seen[row : row + 1], "a photo of", 5)[0] for row in range(3)]
    assert all(together)


def test_caption_equals_generate(loaded: Any, noise: list[Image.Image]) -> None:
    scorer = loaded.scorer
    inputs = scorer.processor(images=noise[0], text="a photo of", return_tensors="pt")

    said = scorer.blip.generate(**inputs, max_new_tokens=5, do_sample=False)

    whole = scorer.tokenizer.decode(said[0], skip_special_tokens=True)
    assert whole.endswith(scorer.captions(scorer.encode(noise[:1]), "a photo of", 5)[0])


def test_opt_takes_one_decoder_pass(inference: Any, noise: list[Image.Image]) -> None:
    words = processor("opt", MINIATURE)
    from scoring import Scorer

    scorer = Scorer(blip("opt", MINIATURE, words.tokenizer.convert_tokens_to_ids("<image>")), words)
    passes = []
    scorer.blip.language_model.model.register_forward_hook(
        lambda module, given, result: passes.append(result.last_hidden_state.shape[:2])
    )

    score(scorer, scorer.encode(noise), PROMPTS, CANDIDATES)

    (rows, tokens) = passes[0]
    assert (len(passes), rows) == (1, len(noise))
    assert tokens < 32 + sum(len(ids) for ids in scorer.tokenizer(list(PROMPTS)).input_ids) + 6
