"""What scoring requires of BLIP-2's language model, which is a T5 (`t5`) or an OPT (`opt`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


@dataclass(frozen=True)
class PrefixPass:
    """A prompt about a photo (its row in the image features) and the possible answers, all as token ids."""

    photo: int
    prompt: list[int]
    answers: list[list[int]]


class LanguageModel(Protocol):
    """Scores answers to prompts about photos."""

    leading: str
    """Text before an answer, so that the tokenizer reads the answer as a word of its own."""

    def score(self, features: Tensor, passes: Sequence[PrefixPass]) -> list[Tensor]:
        """Σ log p of each pass's answers, in fp32. `features`: (photos, query tokens, width)."""
