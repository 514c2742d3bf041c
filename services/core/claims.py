"""Holds a narrative against the evidence: each word must be an ordinary one, or stand for what was seen."""

from collections.abc import Iterable, Iterator

from services.core.assess import Assessment
from services.core.clauses import Reading, Said, read
from services.core.vocabulary import vocabulary
from services.core.wording import Text, Wording

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
    return bool(_Evidence(assessment, words).looks())


def _objections(text: Text, evidence: "_Evidence") -> Iterator[str]:
    title, description = evidence.read(text.title), evidence.read(text.description)
    if not title or len(text.title) > TITLE_CHARACTERS:
        yield "the title says nothing or is too long"
    if (
        len(text.description.split()) not in DESCRIPTION_WORDS
        or len(text.description) > DESCRIPTION_CHARACTERS
    ):
        yield "the description is too short or too long"
    sayable = evidence.sayable()
    for word, said in title + description:
        if word not in sayable[said]:
            yield f"{word!r} is {said.value} without evidence"
    mentioned = {word for word, _ in description}
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
        self._caption = assessment.caption
        facts = {"score": condition.score, "material": words.names[product.material]}
        # Photo 1 is always there.
        photos = {1, *(wear.photo for wear in condition.wear)}
        self._phrases = [phrase.format(photo=photo, **facts) for phrase in words.phrases for photo in photos]
        self._deniable = {*words.marks, *self._nouns(vocabulary().wear.candidates)}

    def read(self, text: str) -> list[Reading]:
        """Each word of a text and how it is said."""
        return read(text, self._phrases, self.words.denial, self._deniable)

    def named(self, code: str) -> set[str]:
        """The words that stand for a code, narrower ones too."""
        return self._forms(code).union(self.words.kinds.get(code, ()))

    def looks(self) -> set[str]:
        """The words of the caption when it fits, else none."""
        caption = self.read(self._caption)
        sayable = self._stated().union(self.words.looks, *(self.named(fact) for fact in self._facts))
        fits = len(caption) in CAPTION_WORDS and all(
            said is Said.STATED and word in sayable for word, said in caption
        )
        said = {word for word, _ in caption}
        return said if fits and not said.isdisjoint(self.named(self.type)) else set()

    def sayable(self) -> dict[Said, set[str]]:
        """The words that hold, by how they are said."""
        marks = set(self.words.marks)
        stated = self._stated() | self.looks()
        absent = self._nouns(tag for tag in vocabulary().wear.candidates if tag not in self.wear)
        return {
            Said.STATED: stated,
            Said.SAID_AFTER_DENIAL: stated.difference(marks, *(self._forms(tag) for tag in self.wear)),
            Said.DENIED: absent if self.wear else absent | marks,
            Said.DENIED_OF_OTHERS: absent | marks,
        }

    def _stated(self) -> set[str]:
        ordinary = {*self.words.ordinary, *self.words.denial.but}
        marks = self.words.marks if self.wear else ()
        return ordinary.union(marks, *(self._forms(fact) for fact in self._facts))

    def _forms(self, code: str) -> set[str]:
        return {*self.words.forms.get(code, ()), *self.words.participles.get(code, ())}

    def _nouns(self, tags: Iterable[str]) -> set[str]:
        return {noun for tag in tags for noun in self.words.forms[tag]}
