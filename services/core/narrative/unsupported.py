"""Checks a narrative against the evidence: each word is an ordinary one, or names something observed."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain, zip_longest

from services.core.domain.assessment import Assessment
from services.core.domain.report import UNKNOWN
from services.core.narrative.grammar import text_of
from services.core.narrative.names import Names, detail, severity_phrase
from services.core.narrative.negation import Polarity, Reading, phrase_tokens, read, tokens
from services.core.narrative.wording import Text, Wording, wording

TITLE_CHARACTERS = 100
DESCRIPTION_CHARACTERS = 700
DESCRIPTION_WORDS = range(15, 100)
CAPTION_WORDS = range(1, 31)


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
    return bool(assessment.caption) and bool(_evidence(assessment, words).looks)


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
    for name in evidence.unmentioned(mentioned):
        yield f"{name!r} is not mentioned"
    if not evidence.assessed and not _says_any(tokens(text.description), evidence.words.not_judged):
        yield "it does not say that the condition was not judged"


class _Evidence:
    """The words that an assessment supports, in one language; not changed once made."""

    def __init__(self, assessment: Assessment, words: Wording) -> None:
        condition = assessment.condition
        self.words = words
        self.wear = [wear.tag for wear in condition.wear]
        self.assessed = condition.status == "assessed"
        self._names = names = Names(assessment, words)
        self._absent = self._nouns(assessment.absent)
        self._all_judged = assessment.wear_judged
        adjectives = names.colour_forms() | names.pattern_forms()
        grade = words.grades[condition.grade] if condition.grade else ()
        worn = frozenset[str]().union(*(self._wear_forms(tag) for tag in self.wear))
        about_it = {*names.kind_forms(), *names.kind_references(), *names.material_forms(), *adjectives}
        self._facts = about_it.union(grade, worn)
        self._worn = worn
        # The words for the kind, and for kinds and numbers that only a caption may name.
        self._mentions = names.kind_forms() | names.looser_kind_forms()
        self._deniable = {*words.marks, *self._nouns([*self.wear, *names.asked])}
        self._joined = {*self._facts, *self._deniable}
        fillings = {
            "{score}": [] if condition.score is None else [str(condition.score)],
            "{material}": sorted(names.material_forms()),
            # Every report has a photo 1.
            "{photo}": [str(photo) for photo in {1, *(wear.photo for wear in condition.wear)} if photo],
            "{mark}": [*words.marks, *self._nouns(self.wear)],
        }
        self._phrases = [
            filled for phrase in _phrases(assessment, words, names) for filled in _filled(phrase, fillings)
        ]
        # Without any wear, a part may be named in every sentence.
        self._of_condition = {*words.marks, *worn, *grade} if self.wear else set()
        looks = {*words.looks, *words.attributes, *words.parts}
        # An answer to the question takes precedence over what a caption says of it.
        looks |= {*(() if names.colour else words.colours), *(() if names.pattern else words.patterns)}
        self._described = looks | about_it | self._mentions
        # A cap is not only a part.
        self._parts = set(words.parts) - about_it
        self.looks = self._fitting(assessment.caption, looks)

    def read(self, text: str) -> list[list[Reading]]:
        """Each sentence as words with their polarity."""
        return self._read(text, self._joined | self.looks)

    def _read(self, text: str, names: set[str]) -> list[list[Reading]]:
        return read(text, self._phrases, self.words.denial, self._deniable, names)

    def unmentioned(self, mentioned: set[str]) -> Iterator[str]:
        """The names of the kind and of each wear of which a text has no word."""
        if self._mentions and self._mentions.isdisjoint(mentioned):
            yield text_of(self._names.item, self.words.language)
        for tag in self.wear:
            if self._wear_forms(tag).isdisjoint(mentioned):
                yield text_of(self._names.wear(tag), self.words.language)

    def unsupported(self, sentences: list[list[Reading]]) -> Iterator[Reading]:
        """The words without evidence."""
        marks = set(self.words.marks)
        stated = self._stated() | self.looks
        # "No other marks" denies each kind of wear that was not found.
        others = self._absent | marks if self._all_judged else self._absent
        sayable = {
            Polarity.STATED: stated,
            Polarity.SAID_AFTER_DENIAL: stated.difference(marks, self._worn),
            Polarity.DENIED: self._absent if self.wear else others,
            Polarity.DENIED_OF_OTHERS: others,
        }
        for sentence in sentences:
            yield from ((word, said) for word, said in sentence if word not in sayable[said])
            yield from self._misplaced(sentence)

    def _misplaced(self, sentence: list[Reading]) -> Iterator[Reading]:
        """Words for looks that could describe wear instead: "a small chip", "chipped on the handle"."""
        words = [word for word, _ in sentence]
        barred = () if self._of_condition.isdisjoint(words) else self._parts
        for reading, following in zip_longest(sentence, words[1:]):
            loose = reading[0] in self.words.attributes and following not in self._described
            if loose or reading[0] in barred:
                yield reading

    def _fitting(self, caption: str, looks: set[str]) -> set[str]:
        """The caption's words if it fits, else none."""
        sentences = self._read(caption, self._joined | self._mentions)
        readings = list(chain(*sentences))
        sayable = self._stated().union(looks, self._mentions)
        fits = (
            len(readings) in CAPTION_WORDS
            and all(said is Polarity.STATED and word in sayable for word, said in readings)
            and not any(chain(*map(self._misplaced, sentences)))
        )
        words = {word for word, _ in readings}
        return words if fits and not words.isdisjoint(self._mentions) else set()

    def _stated(self) -> set[str]:
        ordinary = {*self.words.ordinary, *self.words.denial.but}
        return ordinary.union(self.words.marks if self.wear else (), self._facts)

    def _wear_forms(self, tag: str) -> frozenset[str]:
        return self._names.wear_forms(tag) | self._names.participles(tag)

    def _nouns(self, tags: Iterable[str]) -> set[str]:
        return set().union(*map(self._names.wear_forms, tags))


# A report's caption, prompt and text are read with the same evidence, one after another.
_evidence = lru_cache(maxsize=32)(_Evidence)


def _phrases(assessment: Assessment, words: Wording, names: Names) -> Iterator[str]:
    """The phrases that this assessment allows."""
    exclusive = set() if assessment.wear_judged else set(words.exclusive)
    yield from (phrase for phrase in words.phrases if exclusive.isdisjoint(phrase.split()))
    if assessment.condition.grade is None:
        yield from words.not_judged
    if assessment.product.type == UNKNOWN:
        yield from words.not_recognised
    if assessment.left_out:
        yield words.template.left_out.rstrip(".")
    for wear in assessment.condition.wear:
        known = (severity_phrase(wear, names, words), detail(wear, names, words))
        yield from filter(None, known)


def _says_any(said: list[str], phrases: Iterable[str]) -> bool:
    text = " ".join(said)
    return any(" ".join(phrase_tokens(phrase)) in text for phrase in phrases)


def _filled(phrase: str, fillings: dict[str, list[str]]) -> list[str]:
    """A phrase with each filling of its placeholder; it has at most one."""
    for place, words in fillings.items():
        if place in phrase:
            return [phrase.replace(place, word) for word in words]
    return [phrase]
