"""The inflections of English words: "judges", "judged" and "judging" of "judge", but not "judgement"."""

from collections.abc import Iterator

_VOWELS = frozenset("aeiou")
_SIBILANT = ("s", "x", "z", "ch", "sh")


def inflections(word: str) -> Iterator[str]:
    """A word and its regular forms: the plural or third person, the past and the participle."""
    yield word
    if len(word) < 3 or not word.isalpha():
        return
    if word.endswith("y") and word[-2] not in _VOWELS:
        yield from (f"{word[:-1]}ies", f"{word[:-1]}ied", f"{word}ing")
        return
    yield f"{word}es" if word.endswith(_SIBILANT) else f"{word}s"
    if word.endswith("e"):
        yield from (f"{word}d", f"{word[:-1]}ing")
        return
    short = word[-1] not in _VOWELS | set("wxy") and word[-2] in _VOWELS and word[-3] not in _VOWELS
    if not short or len(word) > 3:
        yield from (f"{word}ed", f"{word}ing")
    if short:
        yield from (f"{word}{word[-1]}ed", f"{word}{word[-1]}ing")
