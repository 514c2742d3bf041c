"""Holds a narrative against the evidence: each word must be an ordinary one, or stand for what was seen."""

from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest

from services.core.domain.assessment import Assessment
from services.core.domain.vocabulary import vocabulary
from services.core.narrative.negation import Polarity, Reading, read
from services.core.narrative.wording import Text, Wording

TITLE_CHARACTERS = 100
DESCRIPTION_CHARACTERS = 700
DESCRIPTION_WORDS = range(15, 100)
CAPTION_WORDS = range(1, 31)


def unsupported_claim(text: Text, assessment: Assessment, words: Wording) -> str | None:
    """The first reason not to print `text` as what is known of the product, or None when it holds."""
    return next(_objections(text, _Evidence(assessment, words)), None)


def caption_fits(assessment: Assessment, words: Wording) -> bool:
    """Whether the caption names the product, and says nothing else than its looks and what was scored.

    Captions are generated, in English: a model's may contradict its own scored answers, which win.
    """
    return bool(_Evidence(assessment, words).looks)


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


class _Evidence:
    """What may be said of an assessment, in the words of one language."""

    def __init__(self, assessment: Assessment, words: Wording) -> None:
        product, condition = assessment.product, assessment.condition
        self.words = words
        self.type = product.type
        self.wear = [wear.tag for wear in condition.wear]
        self._facts = [product.type, product.material, condition.grade.value, *self.wear]
        self._deniable = {*words.marks, *self._nouns(vocabulary().wear.candidates)}
        fillings = {
            "{score}": [str(condition.score)],
            "{material}": [words.names[product.material]],
            # Photo 1 is always there.
            "{photo}": [str(photo) for photo in {1, *(wear.photo for wear in condition.wear)}],
            "{mark}": [*words.marks, *self._nouns(self.wear)],
        }
        self._phrases = [filled for phrase in words.phrases for filled in _filled(phrase, fillings)]
        # Where no wear was seen, none is said of a part either.
        said = {*words.marks}.union(*map(self._forms, [*self.wear, condition.grade.value]))
        self._of_condition = said if self.wear else set()
        looks = {*words.looks, *words.attributes, *words.parts}
        self._described = looks | self.named(product.type) | self.named(product.material)
        self.looks = self._fitting(assessment.caption, looks)

    def read(self, text: str) -> list[list[Reading]]:
        """Each sentence: its words and how each is said."""
        return read(text, self._phrases, self.words.denial, self._deniable)

    def named(self, code: str) -> set[str]:
        """The words that stand for a code, narrower ones too."""
        return self._forms(code).union(self.words.kinds.get(code, ()))

    def unsupported(self, sentences: list[list[Reading]]) -> Iterator[Reading]:
        """The words that do not hold."""
        marks = set(self.words.marks)
        stated = self._stated() | self.looks
        absent = self._nouns(tag for tag in vocabulary().wear.candidates if tag not in self.wear)
        sayable = {
            Polarity.STATED: stated,
            Polarity.SAID_AFTER_DENIAL: stated.difference(marks, *map(self._forms, self.wear)),
            Polarity.DENIED: absent if self.wear else absent | marks,
            Polarity.DENIED_OF_OTHERS: absent | marks,
        }
        for sentence in sentences:
            yield from ((word, said) for word, said in sentence if word not in sayable[said])
            yield from self._misplaced(sentence)

    def _misplaced(self, sentence: list[Reading]) -> Iterator[Reading]:
        """The words of looks that may say something of wear: "a small chip", "chipped on the handle"."""
        words = [word for word, _ in sentence]
        barred = () if self._of_condition.isdisjoint(words) else self.words.parts
        for reading, following in zip_longest(sentence, words[1:]):
            loose = reading[0] in self.words.attributes and following not in self._described
            if loose or reading[0] in barred:
                yield reading

    def _fitting(self, caption: str, looks: set[str]) -> set[str]:
        """The words of the caption when it fits, else none."""
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


def _filled(phrase: str, fillings: dict[str, list[str]]) -> list[str]:
    """A phrase with each filling of its place, of which it has at most one."""
    for place, words in fillings.items():
        if place in phrase:
            return [phrase.replace(place, word) for word in words]
    return [phrase]
