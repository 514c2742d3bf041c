"""Closed vocabularies scored by a BLIP-2 on T5: how likely is each candidate, none generated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

_ROWS = 64
"""Pairs of a photo and a prompt that go through the language model at once; bounds its memory."""


class NonFiniteScoreError(ArithmeticError):
    """The model gave a score that is not a number: broken weights, or an overflow in half precision."""


class UnscorableCandidateError(ValueError):
    """A candidate of which the model's tokenizer leaves nothing."""


class Scorer:
    """Looks at photos once, then scores candidates against prompts about them."""

    def __init__(self, blip: Any, processor: Any) -> None:
        self.blip = blip
        self.processor = processor
        self.tokenizer = processor.tokenizer
        self.image_tokens = [blip.config.image_token_index] * blip.config.num_query_tokens
        self.start = blip.config.text_config.decoder_start_token_id

    @torch.inference_mode()
    def look(self, photos: Sequence[Image.Image]) -> Tensor:
        """One vision pass: what the Q-Former says of each photo, in the language model's width."""
        pixels = self.processor.image_processor(images=list(photos), return_tensors="pt")["pixel_values"]
        seen = self.blip.get_image_features(pixels.to(self.blip.device, self.blip.dtype)).pooler_output
        if not torch.isfinite(seen).all():
            raise NonFiniteScoreError("the vision tower gave a value that is not a number")
        return seen  # type: ignore[no-any-return]

    @torch.inference_mode()
    def score(
        self, seen: Tensor, prompts: Sequence[str], candidates: Sequence[Sequence[str]]
    ) -> list[Tensor]:
        """Σ log p of each prompt's candidates, one (photos, candidates) table in fp32 for each prompt."""
        answers = [self._answer_tokens(words) for words in candidates]
        pairs = [(prompt, photo) for prompt in range(len(prompts)) for photo in range(len(seen))]
        rows: list[Tensor] = []
        for start in range(0, len(pairs), _ROWS):
            part = pairs[start : start + _ROWS]
            photos = torch.tensor([photo for _, photo in part], device=seen.device)
            rows += self._score_rows(
                seen[photos], [prompts[p] for p, _ in part], [answers[p] for p, _ in part]
            )
        tables = [torch.stack(rows[p * len(seen) : (p + 1) * len(seen)]) for p in range(len(prompts))]
        for prompt, table in zip(prompts, tables, strict=True):
            if not torch.isfinite(table).all():
                raise NonFiniteScoreError(f"a score that is not a number for {prompt!r}")
        return tables

    @torch.inference_mode()
    def caption(self, seen: Tensor, prompt: str, most_tokens: int = 30) -> str:
        """A generated sentence about one photo (its row of `look`)."""
        embedded, mask = self._embed(seen, [prompt])
        said = self.blip.language_model.generate(
            inputs_embeds=embedded,
            attention_mask=mask,
            max_new_tokens=most_tokens,
            do_sample=False,
            num_beams=1,
        )
        return str(self.tokenizer.decode(said[0], skip_special_tokens=True)).strip()

    def _answer_tokens(self, words: Sequence[str]) -> list[list[int]]:
        """The candidates' tokens; the end token closes those that another one begins with, to be fair."""
        plain = [self.tokenizer(word, add_special_tokens=False).input_ids for word in words]
        for word, tokens in zip(words, plain, strict=True):
            if not tokens:
                raise UnscorableCandidateError(f"candidates: the model has no tokens for {word!r}")
        end = self.tokenizer.eos_token_id
        return [
            [*tokens, end]
            if any(other is not tokens and other[: len(tokens)] == tokens for other in plain)
            else tokens
            for tokens in plain
        ]

    def _embed(self, seen: Tensor, prompts: Sequence[str]) -> tuple[Tensor, Tensor]:
        texts = [self.image_tokens + tokens for tokens in self.tokenizer(list(prompts)).input_ids]
        longest = max(len(tokens) for tokens in texts)
        pad = self.tokenizer.pad_token_id
        tokens = torch.tensor([text + [pad] * (longest - len(text)) for text in texts], device=seen.device)
        mask = torch.tensor(
            [[1] * len(text) + [0] * (longest - len(text)) for text in texts], device=seen.device
        )
        embedded = self.blip.get_input_embeddings()(tokens)
        images = (tokens == self.image_tokens[0]).unsqueeze(-1)
        return embedded.masked_scatter(images, seen.to(embedded.dtype)), mask

    def _score_rows(
        self, seen: Tensor, prompts: Sequence[str], answers: Sequence[list[list[int]]]
    ) -> list[Tensor]:
        embedded, mask = self._embed(seen, prompts)
        language = self.blip.language_model
        states = language.get_encoder()(inputs_embeds=embedded, attention_mask=mask)
        start = torch.full((len(seen), 1), self.start, device=seen.device)
        first = language(encoder_outputs=states, attention_mask=mask, decoder_input_ids=start, use_cache=True)
        likely = first.logits[:, -1].float().log_softmax(-1)
        scores = [likely[row, [tokens[0] for tokens in of_row]] for row, of_row in enumerate(answers)]
        longer = [
            (row, c)
            for row, of_row in enumerate(answers)
            for c, tokens in enumerate(of_row)
            if len(tokens) > 1
        ]
        if longer:
            rows = torch.tensor([row for row, _ in longer], device=seen.device)
            first.cache.batch_select_indices(rows)
            states.last_hidden_state = states.last_hidden_state[rows]
            rest = self._rest(states, mask[rows], first.cache, [answers[row][c] for row, c in longer])
            for (row, c), value in zip(longer, rest, strict=True):
                scores[row][c] += value
        return scores

    def _rest(self, states: Any, mask: Tensor, cache: Any, answers: list[list[int]]) -> Tensor:
        """Σ log p of each answer's tokens after its first, all answers in one pass."""
        longest = max(len(tokens) for tokens in answers)
        padded = torch.tensor(
            [tokens + [-1] * (longest - len(tokens)) for tokens in answers], device=mask.device
        )
        given, wanted = padded[:, :-1].clamp(min=0), padded[:, 1:]
        said = self.blip.language_model(
            encoder_outputs=states, attention_mask=mask, decoder_input_ids=given, cache=cache, use_cache=True
        )
        likely = said.logits.float().log_softmax(-1).gather(2, wanted.clamp(min=0).unsqueeze(-1)).squeeze(-1)
        total: Tensor = (likely * (wanted >= 0)).sum(-1)
        return total
