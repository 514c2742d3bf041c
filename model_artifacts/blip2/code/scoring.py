"""Scores the candidates of closed vocabularies by a BLIP-2; none is generated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from opt import Opt
from t5 import T5
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image


class NonFiniteScoreError(ArithmeticError):
    """The model returned a score that is not a number: broken weights, or an overflow in half precision."""


class UnscorableCandidateError(ValueError):
    """The model's tokenizer has no tokens for a candidate."""


@dataclass(frozen=True)
class PhotoPrompt:
    """A prompt about a photo (its row in the image features), and the token ids of its possible answers."""

    photo: int
    prompt: str
    answers: list[list[int]]


@dataclass(frozen=True)
class PrefixPass:
    """A prompt about a photo (its row in the image features) and the possible answers, all as token ids."""

    photo: int
    prompt: list[int]
    answers: list[list[int]]


class LanguageModel(Protocol):
    """Scores answers to prompts about photos: BLIP-2's language model, a T5 (`t5`) or an OPT (`opt`)."""

    leading: str
    """Text before an answer, so that the tokenizer reads the answer as a word of its own."""

    def score(self, features: Tensor, passes: Sequence[PrefixPass]) -> list[Tensor]:
        """Σ log p of each pass's answers, in fp32. `features`: (photos, query tokens, width)."""


class Scorer:
    """Encodes photos once, then scores candidates against prompts about them."""

    def __init__(self, blip: Any, processor: Any) -> None:
        self.blip = blip
        self.processor = processor
        self.tokenizer = processor.tokenizer
        decoder_only = blip.config.use_decoder_only_language_model
        self.language: LanguageModel = Opt(blip) if decoder_only else T5(blip)

    @torch.inference_mode()
    def encode(self, photos: Sequence[Image.Image]) -> Tensor:
        """The photos' image features by one vision pass: (photos, query tokens, language model's width).

        Raises NonFiniteScoreError if a feature is not a number.
        """
        pixels = self.processor.image_processor(images=list(photos), return_tensors="pt")["pixel_values"]
        features = self.blip.get_image_features(pixels.to(self.blip.device, self.blip.dtype)).pooler_output
        if not torch.isfinite(features).all():
            raise NonFiniteScoreError("the vision tower returned a value that is not a number")
        return features  # type: ignore[no-any-return]

    @torch.inference_mode()
    def score_prompts(self, features: Tensor, prompts: Sequence[PhotoPrompt]) -> list[Tensor]:
        """Σ log p of each prompt's answers, in fp32; raises NonFiniteScoreError."""
        texts = dict.fromkeys(one.prompt for one in prompts)
        tokens = dict(zip(texts, self.tokenizer(list(texts)).input_ids, strict=True))
        scores = self.language.score(
            features, [PrefixPass(one.photo, tokens[one.prompt], one.answers) for one in prompts]
        )
        finite = torch.stack([torch.isfinite(row).all() for row in scores]).tolist()
        if not all(finite):
            raise NonFiniteScoreError(
                f"a score that is not a number for {prompts[finite.index(False)].prompt!r}"
            )
        return scores

    @torch.inference_mode()
    def captions(self, features: Tensor, prompt: str, most_tokens: int = 30) -> list[str]:
        """A generated sentence about each photo (a row of the image features)."""
        text = torch.tensor([self.tokenizer(prompt).input_ids], device=features.device)
        words = self.blip.get_input_embeddings()(text).expand(len(features), -1, -1)
        embedded = torch.cat([features.to(words.dtype), words], dim=1)
        generated = self.blip.language_model.generate(
            inputs_embeds=embedded,
            attention_mask=torch.ones(embedded.shape[:2], dtype=torch.long, device=features.device),
            max_new_tokens=most_tokens,
            do_sample=False,
            num_beams=1,
        )
        return [text.strip() for text in self.tokenizer.batch_decode(generated, skip_special_tokens=True)]

    def answer_tokens(self, words: Sequence[str]) -> list[list[int]]:
        """The candidates' token ids; one that is the beginning of another ends with the end token.

        Raises UnscorableCandidateError.
        """
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
