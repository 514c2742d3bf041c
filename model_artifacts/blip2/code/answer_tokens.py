"""Names as the tokens in which the model answers them; packaging and the handlers both ask here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from name_tree import NameTree, build_name_tree, terminated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEADING = {"t5": "", "opt": " "}
"""By the language model's type: the text before an answer, so that it is read as a word of its own."""


class UnscorableCandidateError(ValueError):
    """The model's tokenizer has no tokens for a candidate."""


def tokens_of(tokenizer: Any, words: Sequence[str], leading: str, end: int) -> list[list[int]]:
    """The candidates' token ids; one that is the beginning of another ends with the token `end`.

    Raises UnscorableCandidateError.
    """
    plain = tokenizer([leading + word for word in words], add_special_tokens=False).input_ids
    for word, tokens in zip(words, plain, strict=True):
        if not tokens or tokenizer.unk_token_id in tokens:
            raise UnscorableCandidateError(f"candidates: the model has no tokens for {word!r}")
        if end in tokens:
            raise UnscorableCandidateError(f"candidates: {word!r} holds the token that ends an answer")
    return terminated(plain, end)


def tree_of(tokenizer: Any, kinds: Mapping[str, Sequence[str]], leading: str, end: int) -> NameTree:
    """The tree of each kind's names: the form in which it is answered, and its aliases.

    Raises UnscorableCandidateError, and AmbiguousNameError where two kinds have a name in common.
    """
    names = [(kind, name) for kind, of_kind in kinds.items() for name in of_kind]
    tree: dict[str, dict[str, list[int]]] = {kind: {} for kind in kinds}
    tokens = tokens_of(tokenizer, [name for _, name in names], leading, end) if names else []
    for (kind, name), those in zip(names, tokens, strict=True):
        tree[kind][name] = those
    return build_name_tree(tree)
