"""BLIP-2 on flan-t5: an encoder reads image and prompt, a decoder scores the answers.

The encoder attends in both directions, so each prompt encodes its photo again; the prompt's answers share
that encoding.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from language_model import PrefixPass, Step

_ROWS = {"cuda": 64, "cpu": 12}
"""Prompts in one encoder pass: bounds a GPU's memory and stays within a CPU's caches."""
_ANSWERS = 256
"""Answers of several tokens in one decoder pass; a prompt's own answers stay together."""
_STEPS = 64
"""Most rows of a decoder pass of a search: each holds the encoded image and prompt again."""


@dataclass(frozen=True)
class PrefixState:
    """The encoded rows of image and prompt, and the decoder's state after its first step."""

    first: Tensor
    """Log p of each first token, in fp32: (rows, vocabulary)."""
    mask: Tensor
    states: Any
    cache: Any


class T5:
    """One encoder pass and one decoder step for each prompt, and one decoder pass for longer answers."""

    def __init__(self, blip: Any) -> None:
        self.language = blip.language_model
        self.start = blip.config.text_config.decoder_start_token_id

    def score(self, features: Tensor, passes: Sequence[PrefixPass]) -> list[Tensor]:
        """Σ log p of each pass's answers, in fp32."""
        return [
            scores
            for part in _parts(passes, _ROWS.get(features.device.type, _ROWS["cpu"]))
            for scores in self._answers(
                self.read(features, [(one.photo, one.prompt) for one in part]), [one.answers for one in part]
            )
        ]

    def read(self, features: Tensor, prefixes: Sequence[tuple[int, list[int]]]) -> PrefixState:
        """One encoder pass over all photos and prompts, and the decoder's first step."""
        tokens, mask = padded([prompt for _, prompt in prefixes], features.device)
        words = self.language.get_input_embeddings()(tokens)
        embedded = torch.cat([features[[photo for photo, _ in prefixes]].to(words.dtype), words], dim=1)
        mask = torch.cat([mask.new_ones(len(prefixes), features.shape[1]), mask], dim=1)
        states = self.language.get_encoder()(inputs_embeds=embedded, attention_mask=mask)
        start = torch.full((len(prefixes), 1), self.start, device=features.device)
        first = self.language(
            encoder_outputs=states, attention_mask=mask, decoder_input_ids=start, use_cache=True
        )
        return PrefixState(first.logits[:, -1].float().log_softmax(-1), mask, states, first.cache)

    def follow(self, read: PrefixState, steps: Sequence[Step]) -> Tensor:
        """Log p of the steps' wanted tokens in order, in fp32: one row of the decoder for each step."""
        return torch.cat([self._follow(read, steps[at : at + _STEPS]) for at in range(0, len(steps), _STEPS)])

    def _follow(self, read: PrefixState, steps: Sequence[Step]) -> Tensor:
        device = read.first.device
        paths, _ = padded([step.path for step in steps], device)
        logits = self._continue(read, torch.tensor([step.prefix for step in steps], device=device), paths)
        totals = logits.float().logsumexp(-1)
        wanted = [(row, known - 1, token) for row, step in enumerate(steps) for known, token in step.wanted]
        rows, at, tokens = torch.tensor(wanted, device=device).T
        return logits[rows, at, tokens].float() - totals[rows, at]

    def _answers(self, prefix: PrefixState, answers: Sequence[list[list[int]]]) -> list[Tensor]:
        """The first token scores every answer; answers of several tokens take one more decoder pass."""
        scores = [prefix.first[row, [tokens[0] for tokens in of_row]] for row, of_row in enumerate(answers)]
        longer = [
            (row, at)
            for row, of_row in enumerate(answers)
            for at, tokens in enumerate(of_row)
            if len(tokens) > 1
        ]
        if longer:
            device = prefix.first.device
            rows = torch.tensor([row for row, _ in longer], device=device)
            given, known = padded([answers[row][at][:-1] for row, at in longer], device)
            wanted, _ = padded([answers[row][at][1:] for row, at in longer], device)
            likely = self._continue(prefix, rows, given).float().log_softmax(-1)
            rest = likely.gather(2, wanted.unsqueeze(-1)).squeeze(-1).where(known.bool(), 0).sum(-1)
            for (row, at), value in zip(longer, rest, strict=True):
                scores[row][at] += value
        return scores

    def _continue(self, prefix: PrefixState, rows: Tensor, answers: Tensor) -> Tensor:
        """Logits after each token of the answers to these rows, which are padded at the right."""
        states = copy.copy(prefix.states)
        states.last_hidden_state = _selected(states.last_hidden_state, rows)
        return self.language(  # type: ignore[no-any-return]
            encoder_outputs=states,
            attention_mask=_selected(prefix.mask, rows),
            decoder_input_ids=answers,
            cache=_cache_of(prefix.cache, rows),
            use_cache=True,
        ).logits


def _selected(values: Tensor, rows: Tensor) -> Tensor:
    """These rows of the values; a single row is not copied."""
    if len(values) == 1:
        return values.expand(len(rows), *values.shape[1:])
    return values[rows]


def _cache_of(cache: Any, rows: Tensor) -> Any:
    """A cache of these rows, which grows without changing the cache it comes from."""
    chosen = copy.copy(cache)
    chosen.is_updated = dict(cache.is_updated)
    for name in ("self_attention_cache", "cross_attention_cache"):
        part = copy.copy(getattr(cache, name))
        part.layers = [copy.copy(layer) for layer in part.layers]
        for layer in part.layers:
            layer.keys, layer.values = _selected(layer.keys, rows), _selected(layer.values, rows)
        setattr(chosen, name, part)
    return chosen


def padded(texts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """The texts padded with zeros at the right, and a mask that is 1 where there is text."""
    longest = max(len(text) for text in texts)
    tokens = torch.tensor([[*text, *[0] * (longest - len(text))] for text in texts], device=device)
    lengths = torch.tensor([len(text) for text in texts], device=device)
    return tokens, (torch.arange(longest, device=device) < lengths[:, None]).long()


def _parts(passes: Sequence[PrefixPass], rows: int) -> Iterator[list[PrefixPass]]:
    """The passes in order, at most `rows` of them and `_ANSWERS` longer answers in each part."""
    part: list[PrefixPass] = []
    answers = 0
    for one in passes:
        longer = sum(len(tokens) > 1 for tokens in one.answers)
        if part and (len(part) == rows or answers + longer > _ANSWERS):
            yield part
            part, answers = [], 0
        part.append(one)
        answers += longer
    if part:
        yield part
