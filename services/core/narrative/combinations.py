"""Combinations of words that claim something, though each word by itself claims nothing: "given to me".

A pattern is written in the words of the data file. `a|b` is one of several words, `{kind|colour}` a term in
one of these roles, `!` before either says that none of them follows, `?` after it that it may be lacking, and
`+` both that and that it may be repeated. `_` is one word, `*` up to four, `~` up to four that are no wear.
`^` begins a clause, `^^` the sentence, and `$` ends a clause; `{unlisted}` is a word in no list.

In the combinations under `harmless` no word claims anything, though it may elsewhere: "it is worth noting".
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Self

from services.core.narrative.senses import Term

_SIGN = r"[.:;?!,–—()-]"
_ANY = r"[^\W_][^ ‹]*‹[^›]*› "
_NO_WEAR = r"[^\W_][^ ‹]*‹(?![^›]*\b(?:wear|state|part)\b)[^›]*› "
# Names of kinds that are said of marks and photos first.
_KIND = r"(?!marks?‹|number‹)[^ ‹]+‹(?![^›]*\b(?:photo|severity|all|points)\b)[^›]*\bkind\b[^›]*› "
_FIXED = {
    "^^": "^",
    "^": rf"(?:^|(?<={_SIGN}‹› ))",
    "$": rf"(?=$|{_SIGN}‹)",
    "_": _ANY,
    "*": rf"(?:{_ANY}){{0,4}}?",
    "~": rf"(?:{_NO_WEAR}){{0,4}}?",
}


@dataclass(frozen=True)
class Combination:
    """One pattern, and the key of the data file that says what it claims.

    A text without one of the words of `needs`, unless empty, does not match.
    """

    claims: str
    pattern: re.Pattern[str]
    needs: frozenset[str]

    @classmethod
    def of(cls, claims: str, phrase: str) -> Self:
        """The combination that a phrase of the data file writes."""
        parts = phrase.split()
        words = [
            frozenset(part.split("|"))
            for part in parts
            if part[0].isalpha() and part[-1] not in "?+" and _is_words(part)
        ]
        return cls(
            claims, re.compile(r"(?<![^ ])" + "".join(map(_element, parts))), next(iter(words), frozenset())
        )


class Combinations:
    """All combinations of a language."""

    def __init__(self, table: Iterable[tuple[str, Sequence[str]]]) -> None:
        self._all = [Combination.of(claims, phrase) for claims, phrases in table for phrase in phrases]

    def found(self, terms: Sequence[Term]) -> Iterator[tuple[str, str]]:
        """The combinations in a sentence, each with its words."""
        words = {word for term in terms for word in term.text.split()}
        text = "".join(map(_rendered, terms))
        for each in self._all:
            if each.needs and each.needs.isdisjoint(words):
                continue
            if match := each.pattern.search(text):
                yield each.claims, re.sub(r"‹[^›]*›", "", match.group()).strip()

    def places(self, terms: Sequence[Term]) -> frozenset[int]:
        """The places of the terms that stand wholly in a combination."""
        words = {word for term in terms for word in term.text.split()}
        rendered = [_rendered(term) for term in terms]
        text, starts = "".join(rendered), list(accumulate(map(len, rendered), initial=0))
        found: set[int] = set()
        for each in self._all:
            if each.needs and each.needs.isdisjoint(words):
                continue
            for match in each.pattern.finditer(text):
                found.update(range(bisect_left(starts, match.start()), bisect_right(starts, match.end()) - 1))
        return frozenset(found)


def _is_words(part: str) -> bool:
    return all(one.replace("'", "").isalnum() for one in part.split("|"))


def _rendered(term: Term) -> str:
    found = {sense.role.value for sense in term.senses} | ({"number"} if term.text.isdecimal() else set())
    roles = ",".join(sorted(found))
    return "".join(f"{word}‹{roles}› " for word in term.text.split())


def _element(part: str) -> str:
    if part in _FIXED:
        return _FIXED[part]
    many = part[-1] if part[-1] in "?+" and len(part) > 1 else ""
    core = part.removesuffix(many) if many else part
    denied = core.startswith("!")
    core = core.removeprefix("!")
    found = "|".join(map(_choice, re.findall(r"\{[^}]*\}|[^|{]+", core)))
    if denied:
        return f"(?!{found})"
    return f"(?:{found}){ {'?': '?', '+': '*', '': ''}[many] }"


def _choice(one: str) -> str:
    if one in _FIXED:
        return _FIXED[one]
    if one == "{unlisted}":
        return r"[^\W\d_][^ ‹]*‹› "
    if one == "{kind}":
        return _KIND
    if one.startswith("{"):
        # Names of several words are one term.
        return rf"[^ ‹]+‹[^›]*\b(?:{one[1:-1]})\b[^›]*› "
    return rf"{re.escape(one)}‹[^›]*› "
