"""Scores the candidates of closed questions by a BLIP-2, and finds the likeliest of a catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import answer_tokens
import torch
from answer_tokens import UnscorableCandidateError as UnscorableCandidateError
from frontier import Said
from graphs import Graphs
from language_model import LanguageModel, NonFiniteScoreError, PrefixPass
from opt import Opt
from search import Cost, Search, likeliest_kinds
from t5 import T5
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from frontier import Answer
    from name_tree import NameTree
    from PIL import Image


@dataclass(frozen=True)
class PhotoPrompt:
    """A prompt about a photo (its row in the image features), and the token ids of its possible answers."""

    photo: int
    prompt: str
    answers: list[list[int]]


class Scorer:
    """Encodes photos once, then scores candidates against prompts about them."""

    def __init__(self, blip: Any, processor: Any) -> None:
        self.blip = blip
        self.processor = processor
        self.tokenizer = processor.tokenizer
        decoder_only = blip.config.use_decoder_only_language_model
        self.graphs = Graphs.of_device(blip.device)
        self.language: LanguageModel = Opt(blip, self.graphs) if decoder_only else T5(blip, self.graphs)
        self.end: int = blip.config.text_config.eos_token_id
        """The token that ends an answer by the model's config: BLIP-2's OPT ends lines, not texts."""
        self._leading = answer_tokens.LEADING[blip.config.text_config.model_type]

    @torch.inference_mode()
    def encode(self, photos: Sequence[Image.Image]) -> Tensor:
        """The photos' image features by one vision pass: (photos, query tokens, language model's width).

        Raises NonFiniteScoreError if a feature is not a number.
        """
        pixels = self.processor.image_processor(images=list(photos), return_tensors="pt")["pixel_values"]
        (features,) = self.graphs.run("encode", self._features, pixels.to(self.blip.device, self.blip.dtype))
        if not torch.isfinite(features).all():
            raise NonFiniteScoreError("the vision tower returned a value that is not a number")
        return features

    def _features(self, pixels: Tensor) -> tuple[Tensor, ...]:
        return (self.blip.get_image_features(pixels).pooler_output,)

    @torch.inference_mode()
    def score_prompts(self, features: Tensor, prompts: Sequence[PhotoPrompt]) -> list[Tensor]:
        """Σ log p of each prompt's answers, in fp32; raises NonFiniteScoreError."""
        tokens = self._prompt_tokens(one.prompt for one in prompts)
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
        prefixes = [(photo, self.tokenizer(prompt).input_ids) for photo in range(len(features))]
        never = self.blip.language_model.generation_config.eos_token_id is None
        said = self.language.say(features, prefixes, most_tokens, None if never else self.end)
        return [text.strip() for text in self.tokenizer.batch_decode(said, skip_special_tokens=True)]

    @torch.inference_mode()
    def search(
        self, features: Tensor, searches: Sequence[Search], tree: NameTree, top: int = 5
    ) -> tuple[list[Answer], Cost]:
        """The `top` likeliest kinds of the tree for each search, exactly, and what finding them took.

        A kind's probability is absolute: that of its names together, the mean over the search's photos, of
        which one without a name counts less. A free answer is what greedy generation says after the search's
        prompt.
        Raises NonFiniteScoreError.
        """
        if top < 1 or not searches or not all(one.photos for one in searches):
            raise ValueError("top and the photos of each search: there must be at least one")
        tokens = self._prompt_tokens(one.prompt for one in searches)
        pairs = [(one, tokens[one.prompt]) for one in searches]
        found, cost = likeliest_kinds(self.language, features, pairs, tree, top, self.end)
        return [replace(one.answer, said=self._text(one.said)) for one in found], cost

    def _text(self, said: tuple[tuple[int, ...], float] | None) -> Said | None:
        tokens, p = said or ((), 0.0)
        text = " ".join(self.tokenizer.decode(list(tokens), skip_special_tokens=True).split())
        return Said(text, p) if text else None

    def name_tree(self, kinds: Mapping[str, Sequence[str]]) -> NameTree:
        """The tree of each kind's names: the form in which it is answered, and its aliases.

        Raises UnscorableCandidateError, and AmbiguousNameError where two kinds have a name in common.
        """
        return answer_tokens.tree_of(self.tokenizer, kinds, self._leading, self.end)

    def answer_tokens(self, words: Sequence[str]) -> list[list[int]]:
        """The candidates' token ids; one that is the beginning of another ends with the end token.

        Raises UnscorableCandidateError.
        """
        return answer_tokens.tokens_of(self.tokenizer, words, self._leading, self.end)

    def _prompt_tokens(self, prompts: Iterable[str]) -> dict[str, list[int]]:
        texts = list(dict.fromkeys(prompts))
        return dict(zip(texts, self.tokenizer(texts).input_ids, strict=True))
