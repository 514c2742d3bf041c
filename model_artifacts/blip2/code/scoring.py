"""Closed vocabularies scored by a BLIP-2: how likely is each candidate, none generated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from families import PendingInference, family
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image


class NonFiniteScoreError(ArithmeticError):
    """The model gave a score that is not a number: broken weights, or an overflow in half precision."""


class UnscorableCandidateError(ValueError):
    """A candidate that the model's tokenizer has no tokens for."""


@dataclass(frozen=True)
class Pair:
    """A prompt about a photo (its row in what was seen), and the tokens of its possible answers."""

    photo: int
    prompt: str
    answers: list[list[int]]


class Scorer:
    """Looks at photos once, then scores candidates against prompts about them."""

    def __init__(self, blip: Any, processor: Any) -> None:
        self.blip = blip
        self.processor = processor
        self.tokenizer = processor.tokenizer
        self.language = family(blip)

    @torch.inference_mode()
    def look(self, photos: Sequence[Image.Image]) -> Tensor:
        """One vision pass: what the Q-Former says of each photo, in the language model's width."""
        pixels = self.processor.image_processor(images=list(photos), return_tensors="pt")["pixel_values"]
        seen = self.blip.get_image_features(pixels.to(self.blip.device, self.blip.dtype)).pooler_output
        if not torch.isfinite(seen).all():
            raise NonFiniteScoreError("the vision tower gave a value that is not a number")
        return seen  # type: ignore[no-any-return]

    def score(
        self, seen: Tensor, prompts: Sequence[str], candidates: Sequence[Sequence[str]]
    ) -> list[Tensor]:
        """Σ log p of each prompt's candidates, one (photos, candidates) table in fp32 for each prompt."""
        pairs = [
            Pair(photo, prompt, answers)
            for prompt, answers in zip(prompts, map(self.answer_tokens, candidates), strict=True)
            for photo in range(len(seen))
        ]
        rows = self.score_pairs(seen, pairs)
        return [torch.stack(rows[at : at + len(seen)]) for at in range(0, len(rows), len(seen))]

    @torch.inference_mode()
    def score_pairs(self, seen: Tensor, pairs: Sequence[Pair]) -> list[Tensor]:
        """Σ log p of each pair's answers, in fp32."""
        texts = dict.fromkeys(pair.prompt for pair in pairs)
        tokens = dict(zip(texts, self.tokenizer(list(texts)).input_ids, strict=True))
        scores = self.language.score(
            seen, [PendingInference(pair.photo, tokens[pair.prompt], pair.answers) for pair in pairs]
        )
        finite = torch.stack([torch.isfinite(row).all() for row in scores]).tolist()
        if not all(finite):
            raise NonFiniteScoreError(
                f"a score that is not a number for {pairs[finite.index(False)].prompt!r}"
            )
        return scores

    @torch.inference_mode()
    def captions(self, seen: Tensor, prompt: str, most_tokens: int = 30) -> list[str]:
        """A generated sentence about each photo (a row of `look`)."""
        text = torch.tensor([self.tokenizer(prompt).input_ids], device=seen.device)
        words = self.blip.get_input_embeddings()(text).expand(len(seen), -1, -1)
        embedded = torch.cat([seen.to(words.dtype), words], dim=1)
        said = self.blip.language_model.generate(
            inputs_embeds=embedded,
            attention_mask=torch.ones(embedded.shape[:2], dtype=torch.long, device=seen.device),
            max_new_tokens=most_tokens,
            do_sample=False,
            num_beams=1,
        )
        return [text.strip() for text in self.tokenizer.batch_decode(said, skip_special_tokens=True)]

    def answer_tokens(self, words: Sequence[str]) -> list[list[int]]:
        """The candidates' tokens; the end token closes those that another one begins with, to be fair."""
        plain = [
            self.tokenizer(self.language.leading + word, add_special_tokens=False).input_ids for word in words
        ]
        for word, tokens in zip(words, plain, strict=True):
            if not tokens or self.tokenizer.unk_token_id in tokens:
                raise UnscorableCandidateError(f"candidates: the model has no tokens for {word!r}")
        end = self.tokenizer.eos_token_id
        return [
            [*tokens, end]
            if any(other is not tokens and other[: len(tokens)] == tokens for other in plain)
            else tokens
            for tokens in plain
        ]
