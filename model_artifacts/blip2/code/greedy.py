"""Says the likeliest token after each other, in buffers whose shapes never change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graphs import Graphs

_CHECK = 5
"""Steps between two looks at whether all rows have ended: on a GPU, each look waits for all work so far."""
_NEVER, _NOT_SAID = -1, -2


class Decode(Protocol):
    """One decoder step on fixed caches."""

    def __call__(self, tokens: Tensor, said: Tensor, *caches: Tensor) -> Tensor:
        """Logits of the tokens that follow these: (rows, 1) to (rows, vocabulary).

        `said` is how many tokens were said before these, (1,). Keys and values are written into the caches.
        """


def say(
    graphs: Graphs, decode: Decode, first: Tensor, caches: Sequence[Tensor], most: int, end: int | None
) -> list[list[int]]:
    """The tokens of each row up to its end token, which is left out; at most `most`.

    `first`: logits of the first token, (rows, vocabulary). `caches` get changed; they have room for
    `most` - 1 more tokens. Without an end token, all rows have `most` tokens.
    """
    first_said = first.float().argmax(-1)
    if most == 1:
        return [[] if token == end else [token] for token in first_said.tolist()]
    ends = _NEVER if end is None else end
    tokens = first.new_full((len(first), most), _NOT_SAID, dtype=torch.long)
    tokens[:, 0] = first_said
    said = torch.zeros(1, dtype=torch.long, device=first.device)
    last_token = torch.full_like(said, ends)

    def step(tokens: Tensor, said: Tensor, last_token: Tensor, *caches: Tensor) -> tuple[Tensor, ...]:
        last = tokens.index_select(1, said)
        fresh = decode(last, said, *caches).float().argmax(-1, keepdim=True)
        said.add_(1)
        # A row that ended repeats its end token.
        tokens.index_copy_(1, said, torch.where(last == last_token, last, fresh))
        return ()

    every = _CHECK if graphs.captures else 1
    with graphs.repeated("say", step, tokens, said, last_token, *caches) as (once, state):
        tokens = state[0]
        for count in range(1, most):
            if (count - 1) % every == 0 and end is not None and bool((tokens == ends).any(1).all()):
                break
            once()
        texts: list[list[int]] = tokens.tolist()
    return [text[: text.index(ends)] if ends in text else text for text in texts]
