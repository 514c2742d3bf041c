"""The two language models of BLIP-2, and what scoring asks of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from opt import Opt
from t5 import T5

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


@dataclass(frozen=True)
class PendingInference:
    """A prompt about a photo (its row in what was seen) and its possible answers, all in tokens."""

    photo: int
    text: list[int]
    answers: list[list[int]]


class Family(Protocol):
    """What scoring asks of a language model."""

    leading: str
    """What stands before an answer's text, so that its tokens are those of a word of its own."""

    def score(self, seen: Tensor, asked: Sequence[PendingInference]) -> list[Tensor]:
        """Σ log p of each one's answers, in fp32."""


def family(blip: Any) -> Family:
    """The one that this model's language model belongs to."""
    return Opt(blip) if blip.config.use_decoder_only_language_model else T5(blip)
