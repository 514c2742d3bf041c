"""Checks a narrative against the evidence: each word is an ordinary one, or names something observed.

A text is read word by word, since it may also deny: "no" denies the names of wear that follow it, as in "no
chips, cracks or other marks". Later words of such a sentence are ambiguous, until a word such as "but".
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from enum import Enum
from functools import lru_cache
from itertools import chain, zip_longest

from services.core.domain.assessment import Assessment
from services.core.domain.observation import vocabulary
from services.core.domain.report import UNKNOWN
from services.core.narrative.wording import DenialWords, Text, Wording, wording

TITLE_CHARACTERS = 100
DESCRIPTION_CHARACTERS = 700
DESCRIPTION_WORDS = range(15, 100)
CAPTION_WORDS = range(1, 31)
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


def unsupported_claim(text: Text, assessment: Assessment, words: Wording) -> str | None:
    """The first reason not to use `text` for this assessment, or None if the evidence supports all of it."""
    return next(_objections(text, _evidence(assessment, words)), None)


def fitting_caption(assessment: Assessment) -> str | None:
    """The caption if it states nothing beside the assessment, else None."""
    return assessment.caption if caption_fits(assessment, wording("en")) else None


def caption_fits(assessment: Assessment, words: Wording) -> bool:
    """Whether the caption names the product, and states only its looks and scored answers.

    Captions are generated, in English, and may contradict the model's scored answers, which take precedence.
    """
    return bool(_evidence(assessment, words).looks)


def _objections(text: Text, evidence: "_Evidence") -> Iterator[str]:
    title, description = evidence.read(text.title), evidence.read(text.description)
    if not any(title) or len(text.title) > TITLE_CHARACTERS:
        yield "the title says nothing or is too long"
    if (
        len(text.description.split()) not in DESCRIPTION_WORDS
        or len(text.description) > DESCRIPTION_CHARACTERS
    ):
        yield "the description is too short or too long"
    for word, said in evidence.unsupported(title + description):
        yield f"{word!r} is {said.value} without evidence"
    mentioned = {word for word, _ in chain(*description)}
    for code in (evidence.type, *evidence.wear):
        if code in evidence.words.forms and mentioned.isdisjoint(evidence.named(code)):
            yield f"{code!r} is not mentioned"
    if not evidence.assessed and not _says_any(tokens(text.description), evidence.words.not_judged):
        yield "it does not say that the condition was not judged"


class _Evidence:
    """The words that an assessment supports, in one language; not changed once made."""

    def __init__(self, assessment: Assessment, words: Wording) -> None:
        product, condition = assessment.product, assessment.condition
        self.words = words
        self.type = product.type
        self.wear = [wear.tag for wear in condition.wear]
        grade = [condition.grade.value] if condition.grade else []
        self.assessed = condition.status == "assessed"
        self._absent = assessment.absent
        self._all_judged = assessment.wear_judged
        self._facts = [product.type, product.material, *grade, *self.wear]
        self._deniable = {*words.marks, *self._nouns(vocabulary().wear.candidates)}
        fillings = {
            "{score}": [] if condition.score is None else [str(condition.score)],
            "{material}": [] if product.material == UNKNOWN else [words.names[product.material]],
            # Every report has a photo 1.
            "{photo}": [str(photo) for photo in {1, *(wear.photo for wear in condition.wear)}],
            "{mark}": [*words.marks, *self._nouns(self.wear)],
        }
        self._phrases = [
            filled for phrase in _phrases(assessment, words) for filled in _filled(phrase, fillings)
        ]
        # Without any wear, a part may be named in every sentence.
        said = {*words.marks}.union(*map(self._forms, [*self.wear, *grade]))
        self._of_condition = said if self.wear else set()
        looks = {*words.looks, *words.attributes, *words.parts}
        self._described = looks | self.named(product.type) | self.named(product.material)
        self.looks = self._fitting(assessment.caption, looks)

    def read(self, text: str) -> list[list[Reading]]:
        """Each sentence as words with their polarity."""
        return read(text, self._phrases, self.words.denial, self._deniable)

    def named(self, code: str) -> set[str]:
        """The words for a code, and for its narrower kinds."""
        return self._forms(code).union(self.words.kinds.get(code, ()))

    def unsupported(self, sentences: list[list[Reading]]) -> Iterator[Reading]:
        """The words without evidence."""
        marks = set(self.words.marks)
        stated = self._stated() | self.looks
        absent = self._nouns(self._absent)
        # "No other marks" denies each kind of wear that was not found.
        others = absent | marks if self._all_judged else absent
        sayable = {
            Polarity.STATED: stated,
            Polarity.SAID_AFTER_DENIAL: stated.difference(marks, *map(self._forms, self.wear)),
            Polarity.DENIED: absent if self.wear else others,
            Polarity.DENIED_OF_OTHERS: others,
        }
        for sentence in sentences:
            yield from ((word, said) for word, said in sentence if word not in sayable[said])
            yield from self._misplaced(sentence)

    def _misplaced(self, sentence: list[Reading]) -> Iterator[Reading]:
        """Words for looks that could describe wear instead: "a small chip", "chipped on the handle"."""
        words = [word for word, _ in sentence]
        barred = () if self._of_condition.isdisjoint(words) else self.words.parts
        for reading, following in zip_longest(sentence, words[1:]):
            loose = reading[0] in self.words.attributes and following not in self._described
            if loose or reading[0] in barred:
                yield reading

    def _fitting(self, caption: str, looks: set[str]) -> set[str]:
        """The caption's words if it fits, else none."""
        sentences = self.read(caption)
        readings = list(chain(*sentences))
        sayable = self._stated().union(looks, *map(self.named, self._facts))
        fits = (
            len(readings) in CAPTION_WORDS
            and all(said is Polarity.STATED and word in sayable for word, said in readings)
            and not any(chain(*map(self._misplaced, sentences)))
        )
        words = {word for word, _ in readings}
        return words if fits and not words.isdisjoint(self.named(self.type)) else set()

    def _stated(self) -> set[str]:
        ordinary = {*self.words.ordinary, *self.words.denial.but}
        marks = self.words.marks if self.wear else ()
        return ordinary.union(marks, *map(self._forms, self._facts))

    def _forms(self, code: str) -> set[str]:
        return {*self.words.forms.get(code, ()), *self.words.participles.get(code, ())}

    def _nouns(self, tags: Iterable[str]) -> set[str]:
        return {noun for tag in tags for noun in self.words.forms[tag]}


# A report's caption, prompt and text are read with the same evidence, one after another.
_evidence = lru_cache(maxsize=32)(_Evidence)


def _phrases(assessment: Assessment, words: Wording) -> Iterator[str]:
    """The phrases that this assessment allows."""
    exclusive = set() if assessment.wear_judged else set(words.exclusive)
    yield from (phrase for phrase in words.phrases if exclusive.isdisjoint(phrase.split()))
    if assessment.condition.grade is None:
        yield from words.not_judged
    if assessment.product.type == UNKNOWN:
        yield from words.not_recognised
    if assessment.left_out:
        yield words.template.left_out.rstrip(".")


def _says_any(said: list[str], phrases: Iterable[str]) -> bool:
    text = " ".join(said)
    return any(" ".join(_phrase(phrase)) in text for phrase in phrases)


def _filled(phrase: str, fillings: dict[str, list[str]]) -> list[str]:
    """A phrase with each filling of its placeholder; it has at most one."""
    for place, words in fillings.items():
        if place in phrase:
            return [phrase.replace(place, word) for word in words]
    return [phrase]


def read(
    text: str, phrases: Iterable[str], denial: DenialWords, deniable: Collection[str]
) -> list[list[Reading]]:
    """Each sentence as lower-case words with their polarity; numbers and unusual characters count as words.

    Within `phrases` only `deniable` words are read. A denial counts as one only if it denies a `deniable`
    word.
    """
    return [
        list(_sentence(sentence, denial, deniable))
        for sentence in _sentences(_without(phrases, tokens(text), deniable))
    ]


def tokens(text: str) -> list[str]:
    """Words, numbers and signs, one by one: "a second-hand mug." is five of them."""
    return _TOKEN.findall(_JOINERS.sub(" ", unicodedata.normalize("NFC", text).lower()))


@lru_cache(maxsize=10_000)  # a few languages' phrases with all their fillings
def _phrase(phrase: str) -> list[str]:
    return tokens(phrase)


def _without(phrases: Iterable[str], words: list[str], deniable: Collection[str]) -> list[str]:
    """The words without the phrases; a phrase that names no wear leaves a pause, which ends a denial."""
    left = list(words)
    for phrase in filter(set(words).issuperset, map(_phrase, phrases)):
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
