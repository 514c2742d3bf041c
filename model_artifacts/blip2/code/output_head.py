"""The language model's output layer in fp32, whatever the precision of its weights.

Logits of a bf16 model lie 0.06 apart near 10, so log p(yes) - log p(no) would be off by 0.1. The weights are
converted in parts, since a copy in fp32 would cost as much memory as a thirtieth of the model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from language_model import LIKELIEST
from torch import Tensor

_PART = 8192
"""Rows of the output layer that are converted at once."""


@dataclass
class Positions:
    """Where the output layer runs, each position once, and the tokens whose log p is wanted there."""

    heads: dict[tuple[int, int], int] = field(default_factory=dict)
    """(row, position), by their order."""
    at: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)

    def add(self, row: int, position: int, token: int) -> None:
        """Want log p of a token at a position."""
        self.at.append(self.heads.setdefault((row, position), len(self.heads)))
        self.tokens.append(token)


class OutputHead:
    """Log p by an output layer; hidden states are those that it would read."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    def logits(self, states: Tensor) -> Tensor:
        """Logits of hidden states in fp32: (…, width) to (…, vocabulary)."""
        weight: Tensor = self._layer.weight
        if weight.dtype == torch.float32:
            return self._layer(states)  # type: ignore[no-any-return]
        states = states.float()
        logits = states.new_empty(*states.shape[:-1], len(weight))
        for at in range(0, len(weight), _PART):
            logits[..., at : at + _PART] = states @ weight[at : at + _PART].float().T
        return logits

    def log_p(self, states: Tensor) -> Tensor:
        """Log p of every token, in fp32: (…, width) to (…, vocabulary)."""
        return self.logits(states).log_softmax(-1)

    def log_p_at(self, states: Tensor, wanted: Positions) -> tuple[Tensor, Tensor]:
        """The wanted tokens in order: log p of each, in fp32, and which it is, also in place of `LIKELIEST`.

        `states`: (rows, positions, width).
        """
        rows, positions = map(list, zip(*wanted.heads, strict=True))
        logits = self.logits(states[rows, positions])
        at, tokens = torch.tensor([wanted.at, wanted.tokens], device=logits.device)
        if LIKELIEST in wanted.tokens:
            tokens = torch.where(tokens == LIKELIEST, logits.argmax(-1)[at], tokens)
        return logits[at, tokens] - logits.logsumexp(-1)[at], tokens
