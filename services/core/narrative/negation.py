"""Reads a text as words that it states or denies.

"No" denies the names of wear that follow it, as in "no chips, cracks or other marks". Later words of such a
sentence are ambiguous, until a word such as "but".
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from enum import Enum
from functools import lru_cache

from services.core.narrative.wording import DenialWords

_JOINERS = re.compile(r"[-‑'’\"“”«»]")
_TOKEN = re.compile(r"[^\W\d_]+|\d+|\.{2,}|\S")
_ENDS = frozenset(".!;")
# Separates a denial from what follows.
_PAUSE = ":"
_SILENT = frozenset(f",–—(){_PAUSE}") | _ENDS


class Polarity(Enum):
    """Whether a text states or denies a word."""

    STATED = "stated"
    DENIED = "denied"
    DENIED_OF_OTHERS = "denied of others"
    SAID_AFTER_DENIAL = "said after a denial"


Reading = tuple[str, Polarity]


def read(
    text: str,
    phrases: Iterable[str],
    denial: DenialWords,
    deniable: Collection[str],
    names: Collection[str] = (),
) -> list[list[Reading]]:
    """Each sentence as lower-case words with their polarity; numbers and unusual characters count as words.

    Each of `names`, tokens joined by spaces, counts as one word. Within `phrases` only `deniable` words are
    read. A denial counts as one only if it denies a `deniable` word.
    """
    long, words = _by_first_word(names), tokens(text)
    within = filter(set(words).issuperset, map(phrase_tokens, phrases))
    without = _without([_join(phrase, long) for phrase in within], _join(words, long), deniable)
    return [list(_sentence(sentence, denial, deniable)) for sentence in _sentences(without)]


def tokens(text: str) -> list[str]:
    """Words, numbers and signs, one by one: "a second-hand mug." is five of them."""
    return _TOKEN.findall(_JOINERS.sub(" ", unicodedata.normalize("NFC", text).lower()))


@lru_cache(maxsize=10_000)  # a few languages' phrases with all their fillings
def phrase_tokens(phrase: str) -> list[str]:
    """The tokens of a phrase that is read again and again."""
    return tokens(phrase)


def _by_first_word(names: Iterable[str]) -> dict[str, list[list[str]]]:
    """The names of several words by their first one, longest first."""
    found: dict[str, list[list[str]]] = {}
    for words in sorted((name.split() for name in names if " " in name), key=len, reverse=True):
        found.setdefault(words[0], []).append(words)
    return found


def _join(words: list[str], names: dict[str, list[list[str]]]) -> list[str]:
    """The words with each of the names as one word."""
    if names.keys().isdisjoint(words):
        return words
    joined: list[str] = []
    at = 0
    while at < len(words):
        long = (name for name in names.get(words[at], ()) if words[at : at + len(name)] == name)
        found = next(long, [words[at]])
        joined.append(" ".join(found))
        at += len(found)
    return joined


def _without(phrases: Iterable[list[str]], words: list[str], deniable: Collection[str]) -> list[str]:
    """The words without the phrases; a phrase that names no wear leaves a pause, which ends a denial."""
    left = list(words)
    for phrase in phrases:
        instead = "" if any(word in deniable for word in phrase) else _PAUSE
        for start in range(len(words)):
            if words[start : start + len(phrase)] == phrase:
                left[start : start + len(phrase)] = [word if word in deniable else instead for word in phrase]
    return [word for word in left if word]


def _sentences(words: list[str]) -> Iterator[list[str]]:
    sentence: list[str] = []
    for word in words:
        if word in _ENDS:
            yield sentence
            sentence = []
        else:
            sentence.append(word)
    yield sentence


def _sentence(words: list[str], denial: DenialWords, deniable: Collection[str]) -> Iterator[Reading]:
    after = False
    while words:
        if denied := _denied(words, denial, deniable):
            yield from _denials(denied, denial, deniable)
            after = True
            words = words[len(denied) :]
            continue
        word, *words = words
        after = after and word not in denial.but
        if word not in _SILENT:
            yield word, Polarity.SAID_AFTER_DENIAL if after else Polarity.STATED


def _denied(words: list[str], denial: DenialWords, deniable: Collection[str]) -> list[str]:
    """The denial at the start of `words`, up to the last word that it denies."""
    if words[0] not in denial.no:
        return []
    end = 0
    for position, word in enumerate(words, start=1):
        if word in deniable:
            end = position
        elif not (word == "," or word in denial.no or word in denial.other or word in denial.joining):
            break
    return words[:end]


def _denials(denied: list[str], denial: DenialWords, deniable: Collection[str]) -> Iterator[Reading]:
    said = Polarity.DENIED
    for word in denied:
        if word in denial.no:
            said = Polarity.DENIED
        elif word in denial.other:
            said = Polarity.DENIED_OF_OTHERS
        elif word in deniable:
            yield word, said
