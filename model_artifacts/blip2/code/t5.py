"""BLIP-2 on flan-t5: an encoder that sees the whole prompt, and a decoder that answers.

The encoder looks both ways, so each prompt reads its photo anew; its answers share what it read.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from families import PendingInference

_ROWS = {"cuda": 64, "cpu": 12}
"""Prompts that are read at once: bounds the memory of a GPU, and keeps within a CPU's caches."""
_ANSWERS = 256
"""Answers of several tokens that are scored at once; a prompt's own answers stay together."""


@dataclass(frozen=True)
class Reading:
    """Rows of image and prompt that were read, and where an answer goes on from them."""

    likely: Tensor
    """For each row the log-probability of each first token, in fp32."""
    mask: Tensor
    states: Any
    cache: Any


class T5:
    """Scores answers by one encoder pass and one step for each prompt, and one pass of what is longer."""

    leading = ""

    def __init__(self, blip: Any) -> None:
        self.language = blip.language_model
        self.start = blip.config.text_config.decoder_start_token_id

    def score(self, seen: Tensor, asked: Sequence[PendingInference]) -> list[Tensor]:
        """Σ log p of each one's answers, in fp32."""
        return [
            scores
            for part in _parts(asked, _ROWS.get(seen.device.type, _ROWS["cpu"]))
            for scores in self._answers(self.read(seen, part), [one.answers for one in part])
        ]

    def read(self, seen: Tensor, asked: Sequence[PendingInference]) -> Reading:
        """One encoder pass over all rows, and the decoder's first step."""
        tokens, mask = padded([one.text for one in asked], seen.device)
        words = self.language.get_input_embeddings()(tokens)
        embedded = torch.cat([seen[[one.photo for one in asked]].to(words.dtype), words], dim=1)
        mask = torch.cat([mask.new_ones(len(asked), seen.shape[1]), mask], dim=1)
        states = self.language.get_encoder()(inputs_embeds=embedded, attention_mask=mask)
        start = torch.full((len(asked), 1), self.start, device=seen.device)
        first = self.language(
            encoder_outputs=states, attention_mask=mask, decoder_input_ids=start, use_cache=True
        )
        return Reading(first.logits[:, -1].float().log_softmax(-1), mask, states, first.cache)

    def _answers(self, reading: Reading, answers: Sequence[list[list[int]]]) -> list[Tensor]:
        """The first token's probabilities score every answer; those of several tokens take one more pass."""
        scores = [reading.likely[row, [tokens[0] for tokens in of_row]] for row, of_row in enumerate(answers)]
        longer = [
            (row, at)
            for row, of_row in enumerate(answers)
            for at, tokens in enumerate(of_row)
            if len(tokens) > 1
        ]
        if longer:
            device = reading.likely.device
            rows = torch.tensor([row for row, _ in longer], device=device)
            given, known = padded([answers[row][at][:-1] for row, at in longer], device)
            wanted, _ = padded([answers[row][at][1:] for row, at in longer], device)
            likely = self._go_on(reading, rows, given).float().log_softmax(-1)
            rest = likely.gather(2, wanted.unsqueeze(-1)).squeeze(-1).where(known.bool(), 0).sum(-1)
            for (row, at), value in zip(longer, rest, strict=True):
                scores[row][at] += value
        return scores

    def _go_on(self, reading: Reading, rows: Tensor, answers: Tensor) -> Tensor:
        """Logits after each token of the answers to those rows; their padding stands at the right, unseen."""
        reading.cache.batch_select_indices(rows)
        states = copy.copy(reading.states)
        states.last_hidden_state = states.last_hidden_state[rows]
        return self.language(  # type: ignore[no-any-return]
            encoder_outputs=states,
            attention_mask=reading.mask[rows],
            decoder_input_ids=answers,
            cache=reading.cache,
            use_cache=True,
        ).logits


def padded(texts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """The texts filled up with zeros at their right, and a mask that is one where there is text."""
    longest = max(len(text) for text in texts)
    tokens = torch.tensor([[*text, *[0] * (longest - len(text))] for text in texts], device=device)
    lengths = torch.tensor([len(text) for text in texts], device=device)
    return tokens, (torch.arange(longest, device=device) < lengths[:, None]).long()


def _parts(asked: Sequence[PendingInference], rows: int) -> Iterator[list[PendingInference]]:
    """What is asked in turn, as much at a time as the memory allows."""
    part: list[PendingInference] = []
    answers = 0
    for one in asked:
        longer = sum(len(tokens) > 1 for tokens in one.answers)
        if part and (len(part) == rows or answers + longer > _ANSWERS):
            yield part
            part, answers = [], 0
        part.append(one)
        answers += longer
    if part:
        yield part
