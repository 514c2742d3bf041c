"""The open-set rule: which kind of the catalogue a thing is, or that it is none of them.

A model that has no name for a thing gives each name of the catalogue a small probability, and often says a
name of its own.
"""

import re
from dataclasses import dataclass

from catalogue import Catalogue, Kind
from services.core.domain.observation import Observation
from services.core.domain.report import UNKNOWN

_PHRASE = re.compile(r"[^\W\d_]+([ -][^\W\d_]+){0,4}")
_LONGEST = 48
_ARTICLE = re.compile(r"^(an?|the|some) ")
# A phrase with one of these words is no name of a thing, nor is one of these phrases.
_NO_NAME = frozenset(
    {
        *("am", "anything", "cannot", "do", "does", "don", "dont", "i", "idea", "is", "isn", "it", "its"),
        *("know", "no", "none", "not", "nothing", "something", "sure", "unanswerable", "unclear", "unknown"),
        *("unsure", "what", "yes", "you"),
    }
)
_NO_NAMES = frozenset(
    {"image", "item", "object", "other", "photo", "picture", "question", "that", "thing", "this"}
)


@dataclass(frozen=True)
class Recognised:
    """The kind of a thing, or what the model called it; `answer` is the likeliest one, taken or not."""

    kind: Kind | None
    answer: str
    share: float
    suggestion: str | None


def recognise(observation: Observation, catalogue: Catalogue) -> Recognised:
    """Return the most specific kind that the model is sure enough of.

    A kind's share is its own probability and those of its narrower kinds: every espresso cup is a cup. It has
    to reach the threshold, and what the model says freely, if that is no kind of the catalogue.
    """
    shares = _shares(observation, catalogue)
    said = observation.said
    sure = [kind for kind in shares if shares[kind] >= observation.thresholds["type"]]
    broader = {catalogue.kinds[kind].broader for kind in sure}
    # Of kinds that exclude each other, the model's order decides: it takes account of how common names are.
    best = next((kind for kind in sure if kind not in broader), None)
    stranger = said is not None and said.id not in catalogue.kinds
    if best is not None and not (stranger and said is not None and said.p > shares[best]):
        return Recognised(catalogue.kinds[best], best, shares[best], None)
    suggestion = noun_phrase(said.text) if said is not None else None
    likeliest = max(shares, key=shares.__getitem__, default=None)
    if said is not None and (likeliest is None or (stranger and said.p > shares[likeliest])):
        return Recognised(None, said.text or UNKNOWN, said.p, suggestion)
    if likeliest is None:
        return Recognised(None, UNKNOWN, 0.0, suggestion)
    return Recognised(None, likeliest, shares[likeliest], suggestion)


def noun_phrase(text: str) -> str | None:
    """What the model said as a plain name of at most five words without an article; None if it is none."""
    phrase = _ARTICLE.sub("", " ".join(text.lower().split()))
    words = phrase.replace("-", " ").split()
    plain = len(phrase) <= _LONGEST and _PHRASE.fullmatch(phrase) and phrase not in _NO_NAMES
    return phrase if plain and _NO_NAME.isdisjoint(words) else None


def _shares(observation: Observation, catalogue: Catalogue) -> dict[str, float]:
    """The share of each kind that was seen, and of their broader kinds, in the order of the model."""
    shares: dict[str, float] = {}
    for seen in observation.kinds:
        id_: str | None = seen.id
        while id_ is not None:
            shares[id_] = min(1.0, shares.get(id_, 0.0) + seen.p)
            id_ = catalogue.kinds[id_].broader
    return shares
