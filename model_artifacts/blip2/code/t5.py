"""BLIP-2 on flan-t5: an encoder reads image and prompt, a decoder scores the answers.

The encoder attends in both directions, so each prompt encodes its photo again; the prompt's answers share
that encoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import greedy
import torch
from graphs import Graphs
from key_value_cache import fixed, growing, lengthened, selected, tensors_of
from language_model import Step
from output_head import OutputHead, Positions
from torch import Tensor
from transformers import EncoderDecoderCache

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from language_model import PrefixPass

_ROWS = {"cuda": 64, "cpu": 12}
"""Prompts in one encoder pass: bounds a GPU's memory and stays within a CPU's caches."""
_ANSWERS = 256
"""Answers of several tokens that are scored together; a prompt's own answers stay together."""
_STEPS = 64
"""Most rows of a decoder pass below prefixes: each holds the encoded image and prompt again."""
_TEXT, _PATH = 8, 2
"""Prompts and paths are padded to multiples of these where shapes must repeat."""
_FEWEST_STEPS = 16


@dataclass(frozen=True)
class PrefixState:
    """What is left of encoded rows of image and prompt: the decoder's state after its first step."""

    last: Tensor
    """The decoder's last hidden state, which predicts the first token: (rows, width)."""
    first: Tensor
    """Log p of each first token, in fp32: (prefixes, vocabulary). Rows of the other fields may be padding."""
    mask: Tensor
    """Where there is no padding: (rows, 1, 1, tokens of image and prompt)."""
    own: tuple[Tensor, ...]
    """Keys and values of the decoder's start token."""
    across: tuple[Tensor, ...]
    """Keys and values of image and prompt."""


class T5:
    """One encoder pass and one decoder step for each prompt, and one decoder pass for longer answers."""

    def __init__(self, blip: Any, graphs: Graphs | None = None) -> None:
        self.language = blip.language_model
        self.start = blip.config.text_config.decoder_start_token_id
        self.graphs = graphs or Graphs()
        self.head = OutputHead(self.language.lm_head)

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
        rows = [*prefixes, *[prefixes[-1]] * (self.graphs.rows(len(prefixes)) - len(prefixes))]
        longest = self.graphs.length(max(len(prompt) for _, prompt in rows), _TEXT)
        tokens, text = padded([prompt for _, prompt in rows], features.device, longest)
        photos = features[[photo for photo, _ in rows]]
        mask = torch.cat([text.new_ones(photos.shape[:2]), text], dim=1).bool()[:, None, None]
        last, *caches = self.graphs.run("read", self._read, photos, tokens, mask)
        layers = len(caches) // 2
        first = self.head.log_p(last[: len(prefixes)])
        return PrefixState(last, first, mask, tuple(caches[:layers]), tuple(caches[layers:]))

    def _read(self, photos: Tensor, tokens: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        words = self.language.get_input_embeddings()(tokens)
        embedded = torch.cat([photos.to(words.dtype), words], dim=1)
        states = self.language.encoder(inputs_embeds=embedded, attention_mask=mask).last_hidden_state
        start = torch.full((len(tokens), 1), self.start, device=tokens.device)
        first = self._decoder(start, states, mask, None, None)
        return (
            first.last_hidden_state[:, -1],
            *tensors_of(first.cache.self_attention_cache),
            *tensors_of(first.cache.cross_attention_cache),
        )

    def follow(self, read: PrefixState, steps: Sequence[Step]) -> tuple[Tensor, Tensor]:
        """Log p of the steps' wanted tokens, in fp32, and these tokens: one row for each step."""
        parts = [self._follow(read, steps[at : at + _STEPS]) for at in range(0, len(steps), _STEPS)]
        return torch.cat([log_p for log_p, _ in parts]), torch.cat([tokens for _, tokens in parts])

    def _follow(self, read: PrefixState, steps: Sequence[Step]) -> tuple[Tensor, Tensor]:
        wanted = Positions()
        for row, step in enumerate(steps):
            for known, token in step.wanted:
                wanted.add(row, known - 1, token)
        more = self.graphs.rows(len(steps), _FEWEST_STEPS) - len(steps)
        device = read.first.device
        rows = torch.tensor([*(step.prefix for step in steps), *[0] * more], device=device)
        longest = self.graphs.length(max(len(step.path) for step in steps), _PATH)
        paths, _ = padded([*(step.path for step in steps), *[(0,)] * more], device, longest)
        (states,) = self.graphs.run("follow", self._continue, rows, paths, read.mask, *read.own, *read.across)
        return self.head.log_p_at(states, wanted)

    def _answers(self, prefix: PrefixState, answers: Sequence[list[list[int]]]) -> list[Tensor]:
        """The first token scores every answer; answers of several tokens take one more decoder pass."""
        scores = [prefix.first[row, [tokens[0] for tokens in of_row]] for row, of_row in enumerate(answers)]
        longer = [
            (row, at, tokens)
            for row, of_row in enumerate(answers)
            for at, tokens in enumerate(of_row)
            if len(tokens) > 1
        ]
        if longer:
            steps = [Step(row, tuple(tokens[:-1]), tuple(enumerate(tokens))[1:]) for row, _, tokens in longer]
            log_p, _ = self.follow(prefix, steps)
            lengths = torch.tensor([len(tokens) - 1 for *_, tokens in longer], device=log_p.device)
            sums = torch.segment_reduce(log_p, "sum", lengths=lengths)
            for (row, at, _), value in zip(longer, sums, strict=True):
                scores[row][at] += value
        return scores

    def say(
        self, features: Tensor, prefixes: Sequence[tuple[int, list[int]]], most: int, end: int | None
    ) -> list[list[int]]:
        """The likeliest token after each other from each prefix, at most `most`, without the end token."""
        read = self.read(features, prefixes)
        caches = (read.mask, *lengthened(read.own, most - 1), *read.across)
        first = self.language.lm_head(read.last)
        return greedy.say(self.graphs, self._step, first, caches, most, end)[: len(prefixes)]

    def _continue(self, rows: Tensor, paths: Tensor, mask: Tensor, *caches: Tensor) -> tuple[Tensor, ...]:
        """The decoder's last hidden state after each token of the paths below these rows."""
        half = len(caches) // 2
        own = growing(selected(caches[:half], rows))
        length = paths.shape[1]
        order = torch.arange(length + 1, device=paths.device)
        causal = (order <= order[1:, None])[None, None]
        across = selected(caches[half:], rows)
        mask = selected([mask], rows)[0]
        return (self._decoder(paths, None, mask, own, across, causal).last_hidden_state,)

    def _step(self, tokens: Tensor, said: Tensor, *inputs: Tensor) -> Tensor:
        mask, *caches = inputs
        half = len(caches) // 2
        position = said + 1  # the start token is the first one in the cache
        own = fixed(caches[:half], position[0])
        visible = torch.arange(caches[0].shape[2], device=tokens.device) <= position
        decoded = self._decoder(tokens, None, mask, own, caches[half:], visible[None, None, None])
        return self.language.lm_head(decoded.last_hidden_state[:, -1])  # type: ignore[no-any-return]

    def _decoder(
        self,
        tokens: Tensor,
        encoded: Tensor | None,
        mask: Tensor,
        own: Any,
        across: Sequence[Tensor] | None,
        visible: Tensor | None = None,
    ) -> Any:
        """The decoder on encoded rows, or on their keys and values `across`; scaled as its head reads it."""
        cache = None
        if across is not None:
            cache = EncoderDecoderCache(own, growing(across))
            # With keys and values at hand, only the shape of the encoded rows is read.
            encoded = across[0].new_zeros(1).expand(len(tokens), mask.shape[-1], self.language.config.d_model)
        decoded = self.language.decoder(
            input_ids=tokens,
            attention_mask=visible,
            encoder_hidden_states=encoded,
            encoder_attention_mask=mask,
            cache=cache,
            use_cache=True,
        )
        if self.language.config.scale_decoder_outputs:
            decoded.last_hidden_state = decoded.last_hidden_state * self.language.model_dim**-0.5
        return decoded


def padded(
    texts: Sequence[Sequence[int]], device: torch.device, length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The texts padded with zeros at the right, and a mask that is 1 where there is text."""
    size = length or max(len(text) for text in texts)
    tokens = torch.tensor([[*text, *[0] * (size - len(text))] for text in texts], device=device)
    lengths = torch.tensor([len(text) for text in texts], device=device)
    return tokens, (torch.arange(size, device=device) < lengths[:, None]).long()


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
