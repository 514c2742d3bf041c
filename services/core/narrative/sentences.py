"""The template's sentence for each fact of an assessment, in one language."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from services.core.domain.assessment import Assessment
from services.core.domain.report import UNKNOWN, Reason
from services.core.narrative.facts import FACT_IDS, FactId, Facts
from services.core.narrative.grammar import text_of
from services.core.narrative.names import Names, stated_mark
from services.core.narrative.wording import Wording

_LOOKS: tuple[FactId, ...] = ("material", "colour", "pattern")
_LAST_MARK: FactId = "mark8"
# A list of all that was not seen would be longer than the rest of the text.
_MOST_DENIED = 4


@dataclass(frozen=True)
class Sentence:
    """One printed sentence, and the facts that it states."""

    text: str
    facts: frozenset[FactId]


class FactSentences:
    """Words an assessment's facts: a sentence for each, or one for several that belong together.

    A mark beyond the eighth has no id: it is stated with the eighth.
    """

    def __init__(self, assessment: Assessment, words: Wording) -> None:
        self.assessment = assessment
        self.facts = Facts(assessment)
        self.names = Names(assessment, words)
        self._words = words
        self._sentences = words.template
        condition = assessment.condition
        self._fillings = {
            "grade": words.grades[condition.grade] if condition.grade else "",
            "score": condition.score,
            "material": self.names.material,
            "colour": self.names.by_itself("colour"),
            "pattern": _bare(self.names.by_itself("pattern")),
        }

    @property
    def recognised(self) -> bool:
        """Whether the kind is known."""
        return self.assessment.product.type != UNKNOWN

    @property
    def unnamed_marks(self) -> bool:
        """Whether there are marks without an id."""
        return len(self.assessment.condition.wear) > len(self.facts.marks)

    @property
    def several_not_judged(self) -> bool:
        """Whether more than one thing was not judged: kinds of wear, or photos that were left out as well."""
        seen = self.assessment
        parts = 1 if seen.condition.status != "assessed" else len(self.facts.unclear)
        return parts + seen.left_out > 1

    def of(self, ids: Collection[FactId], *, detailed: bool = True) -> list[Sentence]:
        """The sentences for those of the facts that the assessment has; the same set has the same sentences.

        `detailed`: each mark with its severity, photo and place.
        """
        known = self.facts.ids.intersection(ids)
        return [
            *self._of_product(known),
            *self._of_marks(known, detailed=detailed),
            *(self._absent() if "absent" in known else ()),
            *(self._not_judged() if "not_judged" in known else ()),
            *(self._source() if "photos" in known else ()),
        ]

    def caption(self) -> Sentence | None:
        """The caption as a sentence; None in a language without."""
        if not self._sentences.caption:
            return None
        return Sentence(self._sentences.caption.format(caption=self.assessment.caption), frozenset())

    def look(self) -> Sentence:
        """The request to look at the photos, which states no fact."""
        return Sentence(self._sentences.look, frozenset())

    def _of_product(self, known: frozenset[FactId]) -> Iterator[Sentence]:
        sentences = self._sentences
        looks = [id_ for id_ in _LOOKS if id_ in known]
        graded = "grade" in known
        if "kind" in known:
            if not self.recognised:
                yield self._filled(sentences.several if self._several else sentences.unknown, ["kind"])
            else:
                opening = sentences.opening if graded else sentences.plain
                stated: list[FactId] = ["kind", *looks, *(["grade"] if graded else [])]  # type: ignore[list-item]
                yield self._filled(opening, stated, thing=self.names.thing(looks))
                return
        for id_, sentence in zip(
            _LOOKS, (sentences.material, sentences.colour, sentences.pattern), strict=True
        ):
            if id_ in looks:
                yield self._filled(sentence, [id_])
        if graded:
            yield self._filled(sentences.grade, ["grade"])

    @property
    def _several(self) -> bool:
        seen = self.assessment
        return Reason.SEVERAL_THINGS in seen.confidence.reasons and not seen.left_out

    def _of_marks(self, known: frozenset[FactId], *, detailed: bool) -> Iterator[Sentence]:
        ids = [id_ for id_ in self.facts.marks if id_ in known]
        wear = [self.facts.marks[id_] for id_ in ids]
        if _LAST_MARK in known:
            wear += self.assessment.condition.wear[len(self.facts.marks) :]
        if wear:
            sentences, stated = self._sentences, self.assessment.wear_stated
            one = sentences.mark_stated if stated else sentences.mark
            several = sentences.marks_stated if stated else sentences.marks
            phrases = (stated_mark(each, self.names, self._words, detailed=detailed) for each in wear)
            yield self._filled(one if len(wear) == 1 else several, ids, wear=", ".join(phrases))

    def _absent(self) -> Iterator[Sentence]:
        seen, sentences = self.assessment, self._sentences
        if seen.wear_judged:
            if seen.condition.wear:
                text = sentences.no_other_mark_stated if seen.wear_stated else sentences.no_other_mark
            else:
                text = sentences.no_mark_stated if seen.wear_stated else sentences.no_mark
            yield self._filled(text, ["absent"])
        elif names := self.wear_names(seen.absent)[:_MOST_DENIED]:
            yield self._filled(sentences.none_of, ["absent"], wear=joined(names, self._words.or_))

    def _not_judged(self) -> Iterator[Sentence]:
        seen, sentences = self.assessment, self._sentences
        if seen.condition.status != "assessed":
            yield self._filled(
                sentences.not_asked if seen.confidence.not_asked else sentences.not_judged, ["not_judged"]
            )
        elif names := self.wear_names(self.facts.unclear):
            yield self._filled(sentences.wear_not_judged, ["not_judged"], wear=", ".join(names))
        if seen.left_out:
            yield self._filled(sentences.left_out, ["not_judged"])

    def _source(self) -> Iterator[Sentence]:
        seen = self.assessment
        if seen.condition_stated:
            yield self._filled(self._sentences.source_stated, ["photos"])
        elif seen.condition.status == "assessed":
            yield self._filled(self._sentences.source, ["photos"])

    def wear_names(self, tags: Collection[str]) -> list[str]:
        """The names of these kinds of wear, in the order in which they were looked for."""
        asked = [wear.id for wear in self.assessment.goods.asked if wear.id in tags]
        return [text_of(self.names.wear(tag), self._words.language) for tag in asked]

    def _filled(self, sentence: str, facts: Collection[FactId], **more: object) -> Sentence:
        return Sentence(filled(sentence, **self._fillings, **more), frozenset(facts))


def filled(sentence: str, **fillings: object) -> str:
    """The sentence with its facts, beginning with a capital."""
    text = sentence.format(**fillings)
    return text[:1].upper() + text[1:]


def joined(names: list[str], last: str) -> str:
    """The names as a list, with the word `last` before the last one."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def required(facts: Facts) -> frozenset[FactId]:
    """What a text must say: the kind, each mark, and what was not judged."""
    return facts.ids & {"kind", "not_judged", *(id_ for id_ in FACT_IDS if id_.startswith("mark"))}


def _bare(pattern: str | None) -> str | None:
    """A pattern without "with a": "abstract pattern"."""
    return pattern.removeprefix("with ").removeprefix("an ").removeprefix("a ") if pattern else None
