"""What scoring and search ask of BLIP-2's language model, whichever family it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

LIKELIEST = -1
"""In place of a token that is wanted: the likeliest one."""


class NonFiniteScoreError(ArithmeticError):
    """The model returned a score that is not a number: broken weights, or an overflow in half precision."""


@dataclass(frozen=True)
class PrefixPass:
    """A prompt about a photo (its row in the image features) and the possible answers, all as token ids."""

    photo: int
    prompt: list[int]
    answers: list[list[int]]


@dataclass(frozen=True)
class Step:
    """A path of tokens below a prefix that was read, and the tokens whose log p is wanted along it."""

    prefix: int
    """The prefix, by its number in the call of `read`."""
    path: tuple[int, ...]
    wanted: tuple[tuple[int, int], ...]
    """(how many tokens of the path are known, at least one; the token that follows them, or `LIKELIEST`)."""


class LanguageModel(Protocol):
    """Scores answers to prompts about photos: BLIP-2's language model, a T5 (`t5`) or an OPT (`opt`)."""

    def score(self, features: Tensor, passes: Sequence[PrefixPass]) -> list[Tensor]:
        """Σ log p of each pass's answers, in fp32. `features`: (photos, query tokens, width)."""

    def read(self, features: Tensor, prefixes: Sequence[tuple[int, list[int]]]) -> Any:
        """Read each prefix once: a photo (its row in the image features) and the prompt's token ids.

        The answer is for `follow`; its `first` is log p of each first token, in fp32: (prefixes, vocabulary).
        """

    def follow(self, read: Any, steps: Sequence[Step]) -> tuple[Tensor, Tensor]:
        """The steps' wanted tokens in order: log p of each, in fp32, and which token it is.

        Paths are read again from the prefix each time, so memory does not grow with the number of calls. A
        prefix that a call leaves out must not come back in a later one.
        """

    def say(
        self, features: Tensor, prefixes: Sequence[tuple[int, list[int]]], most: int, end: int | None
    ) -> list[list[int]]:
        """The likeliest token after each other from each prefix, at most `most`, without the end token."""
