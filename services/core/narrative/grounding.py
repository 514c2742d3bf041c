"""Holds a sentence, a title or a caption against the facts of an assessment."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from services.core.domain.assessment import Assessment
from services.core.domain.report import UNKNOWN, Wear
from services.core.narrative.details import Detail, details
from services.core.narrative.facts import FactId, Facts
from services.core.narrative.lexicon import Lexicon
from services.core.narrative.mentions import Mention, mentions
from services.core.narrative.numbers import Numbers, read_numbers
from services.core.narrative.reading import Group, Polarity, Word, read
from services.core.narrative.senses import ANY, ANYTHING, Role, Rule, Sense, Term
from services.core.narrative.tokens import plain, tokens
from services.core.narrative.unsupported import (  # until the narrator composes
    DESCRIPTION_CHARACTERS,
    DESCRIPTION_WORDS,
    unsupported_claim,
)
from services.core.narrative.unsupported import caption_fits as _old_caption_fits
from services.core.narrative.wording import Wording, wording

__all__ = ["Held", "Rule", "Violation", "caption_fits", "fitting_caption", "hold", "hold_title", "DESCRIPTION_CHARACTERS", "DESCRIPTION_WORDS", "unsupported_claim"]

TITLE_CHARACTERS = 100
CAPTION_WORDS = range(1, 31)
_SIGN = re.compile(r"[^\w]+")
_CLOSED = (Role.KIND, Role.MATERIAL, Role.COLOUR, Role.PATTERN)
# They shape the sentence; what they do is checked where the whole is.
_SHAPING = frozenset(Role) - {
    Role.CLAIM, *_CLOSED, Role.WEAR, Role.PART, Role.STATE, Role.SEVERITY, Role.PLACE, Role.GRADE, Role.NUMBER,
    Role.QUANTITY, Role.FREE, Role.INSPECTED, Role.SELLER, Role.USED, Role.ALL,
}  # fmt: skip


@dataclass(frozen=True)
class Violation:
    """The rule that a text breaks, and the word that breaks it."""

    rule: Rule
    word: str


@dataclass(frozen=True)
class Held:
    """The facts that a text states, found by reading it."""

    facts: frozenset[FactId]


def hold(text: str, cited: Collection[str], facts: Facts, lexicon: Lexicon) -> Held | Violation:
    """The facts that a sentence states, or the first rule that it breaks.

    `cited` are the ids of the facts that it rests on: those of the marks say which wear "it" is.
    """
    read_as = plain(text)
    if read_as is None:
        return Violation(Rule.FORM, "")
    return _Check(read_as, cited, facts, lexicon).result()


def hold_title(text: str, facts: Facts, lexicon: Lexicon) -> Held | Violation:
    """The facts that a title states, or the first rule that it breaks."""
    if len(text) > TITLE_CHARACTERS:
        return Violation(Rule.FORM, "")
    return hold(text, (), facts, lexicon)


def caption_fits(assessment: Assessment, lexicon: Lexicon | Wording) -> bool:
    """Whether the caption names the product, and states nothing beside the scored answers.

    Captions are generated, in English, and may contradict the model's scored answers, which take precedence.
    """
    if isinstance(lexicon, Wording):
        return _old_caption_fits(assessment, lexicon)
    caption = assessment.caption
    if len(caption.split()) not in CAPTION_WORDS:
        return False
    found = hold(caption, (), Facts(assessment), lexicon)
    return isinstance(found, Held) and "kind" in found.facts and assessment.product.type != UNKNOWN


def fitting_caption(assessment: Assessment, lexicon: Lexicon | None = None) -> str | None:
    """The caption if it states nothing beside the assessment, else None."""
    return assessment.caption if caption_fits(assessment, lexicon or wording("en")) else None


class _Check:
    """One text against the facts."""

    def __init__(self, text: str, cited: Collection[str], facts: Facts, lexicon: Lexicon) -> None:
        self.text, self.facts, self.lexicon = text, facts, lexicon
        self.seen = facts.assessment
        self.cited = [wear for id_, wear in facts.marks.items() if id_ in cited]
        self.terms = lexicon.terms(tokens(text, lexicon.language))
        self.groups = read(self.terms)
        self.mentions, self.in_mentions = mentions(self.groups)
        self.numbers = read_numbers(self.groups)
        self.details = details(self.groups, self.mentions, self.numbers.photos)
        self.stated: set[FactId] = set()

    def result(self) -> Held | Violation:
        """What the text states, or what it breaks."""
        broken = next(self._violations(), None)
        return broken or Held(frozenset(self.stated))

    def _violations(self) -> Iterator[Violation]:
        yield from self._capitals()
        for group in self.groups:
            words = list(group)
            for at, word in enumerate(words):
                yield from self._word(word, words[at + 1 :], words[:at][-1:], group)
        yield from self._mentions()
        yield from self._whole()
        for detail in self.details:
            yield from self._detail(detail)
        yield from self._numbers()
        yield from self._unjudged()

    # words

    def _word(
        self, word: Word, following: Sequence[Word], before: Sequence[Word], group: Group
    ) -> Iterator[Violation]:
        term = word.term
        if not term.senses:
            if term.text.isdecimal() or _SIGN.fullmatch(term.text):
                return
            rule = Rule.NAME if term.capital else Rule.UNFAMILIAR
            yield Violation(Rule.NUMBER if term.text[0].isdigit() else rule, term.text)
            return
        if id(word) in self.in_mentions or term.has(*_SHAPING):
            return
        rules = [self._sense(sense, word, following, before, group) for sense in sorted(term.senses, key=_rank)]
        broken = [rule for rule in rules if rule is not None]
        if len(broken) == len(rules):
            yield Violation(broken[0], term.text)
        for id_, sense in ((sense.role.value, sense) for sense in term.senses if sense.role in _CLOSED):
            if self._sense(sense, word, following, before, group) is None:
                self.stated.add(id_)  # type: ignore[arg-type]

    def _sense(
        self, sense: Sense, word: Word, following: Sequence[Word], before: Sequence[Word], group: Group
    ) -> Rule | None:
        """The rule that one sense of a word breaks; None: it holds."""
        product, seen = self.seen.product, self.seen
        denied = word.said in (Polarity.DENIED, Polarity.UNJUDGED)
        if sense.role is Role.KIND:
            if denied or not self._is_kind(sense.value):
                return Rule.KIND
            return Rule.COUNT if sense.plural and not any(
                other.value == sense.value and not other.plural for other in word.term.senses
            ) else None
        if sense.role is Role.MATERIAL:
            return Rule.MATERIAL if denied or sense.value != product.material else None
        if sense.role is Role.COLOUR:
            return Rule.COLOUR if denied or sense.value != product.colour else None
        if sense.role is Role.PATTERN:
            return Rule.PATTERN if denied or sense.value != product.pattern else None
        if sense.role is Role.GRADE:
            phrase = " " in word.term.text
            if denied or sense.value != seen.condition.grade or not (phrase or self._grades(following)):
                return Rule.GRADE
            self.stated.add("grade")
            return None
        if sense.role is Role.SEVERITY:
            return None if any(detail.word == word.term.text for detail in self.details) else Rule.SEVERITY
        if sense.role is Role.PLACE:
            return None
        if sense.role is Role.FREE:
            return None if before and id(before[0]) in self.in_mentions else Rule.OFFER
        if sense.role is Role.INSPECTED:
            return None if group.has(Role.PHOTO) else Rule.JUDGE
        if sense.role is Role.SELLER:
            return None if seen.condition_stated or seen.wear_stated else Rule.JUDGE
        if sense.role is Role.USED:
            after_severity = before and before[0].term.has(Role.SEVERITY)
            return Rule.HISTORY if denied or after_severity else None
        if sense.role is Role.ALL:
            return None if self.numbers.counted(word) or self._complete() else Rule.ONLY
        if sense.role is Role.NUMBER or sense.role is Role.QUANTITY:
            return None
        if sense.role is Role.CLAIM:
            return Rule(sense.value)
        return Rule.PLACE if sense.role is Role.PART else Rule.WEAR

    def _is_kind(self, id_: str) -> bool:
        if id_.endswith("/"):
            kind = self.seen.goods.kind
            return kind is not None and kind.department == id_[:-1]
        return id_ in self.facts.kinds

    def _grades(self, following: Sequence[Word]) -> bool:
        """Whether a grade word is one: "good condition", not "good choice"."""
        if not following:
            return True
        term = following[0].term
        return term.text in self.lexicon.grade_followers or not term.has(Role.ORDINARY)

    # wear

    def _mentions(self) -> Iterator[Violation]:
        tags = {wear.tag for wear in self.seen.condition.wear}
        for mention in self.mentions:
            if mention.general:
                yield from self._general(mention)
            elif mention.said is Polarity.STATED:
                if mention.tags.isdisjoint(tags):
                    yield Violation(Rule.WEAR, mention.word)
                elif mention.plural:
                    yield Violation(Rule.COUNT, mention.word)
                self.stated |= {id_ for id_, wear in self.facts.marks.items() if wear.tag in mention.tags}
            elif mention.said is Polarity.DENIED:
                if not mention.tags & self.seen.absent:
                    yield Violation(Rule.WEAR, mention.word)
                self.stated.add("absent")
            elif mention.said is Polarity.UNJUDGED:
                if not mention.tags & self.facts.unclear:
                    yield Violation(Rule.WEAR, mention.word)
                self.stated.add("not_judged")

    def _general(self, mention: Mention) -> Iterator[Violation]:
        marks = len(self.seen.condition.wear)
        if mention.said is Polarity.STATED and ANYTHING not in mention.tags:
            if marks < 1 + mention.plural:
                yield Violation(Rule.COUNT if marks else Rule.WEAR, mention.word)
        elif mention.said is Polarity.DENIED:
            if self._denies_others():
                if not self._complete():
                    yield Violation(Rule.ONLY, mention.word)
            elif marks or not self.seen.wear_judged:
                yield Violation(Rule.WEAR, mention.word)
            self.stated.add("absent")

    def _denies_others(self) -> bool:
        named = bool(self._named) or bool(self.cited)
        return named and any(term.has(Role.OTHER, Role.EXCEPT, Role.ASIDE, Role.ONLY) for term in self.terms)

    @cached_property
    def _named(self) -> set[str]:
        return {
            tag
            for mention in self.mentions
            if mention.said is Polarity.STATED and not mention.general
            for tag in mention.tags
        }

    def _complete(self) -> bool:
        """Whether the sentence names all marks, and there cannot be others."""
        named = self._named or {wear.tag for wear in self.cited}
        tags = {wear.tag for wear in self.seen.condition.wear}
        return self.seen.wear_judged and bool(tags) and tags <= named

    def _whole(self) -> Iterator[Violation]:
        general = any(mention.general and mention.said is Polarity.DENIED for mention in self.mentions)
        for group in self.groups:
            for word in group:
                if word.term.has(Role.ONLY) and not self._complete():
                    yield Violation(Rule.ONLY, word.term.text)
                if group.unjudged:
                    continue
                if word.term.has(Role.NOTHING) or (word.term.has(Role.OTHER) and group.has(Role.NO, Role.NOT, Role.NOTHING)):
                    denied = any(m.said is Polarity.DENIED for m in self.mentions)
                    if not denied and not self._complete():
                        yield Violation(Rule.ONLY, word.term.text)
        if any(mention.excepted for mention in self.mentions) and general and not self._complete():
            yield Violation(Rule.ONLY, "except")

    # details and numbers

    def _detail(self, detail: Detail) -> Iterator[Violation]:
        rule = Rule(detail.role.value)
        if detail.role is Role.PHOTO:
            number = int(next(iter(detail.values)))
            if not 1 <= number <= self.seen.photos:
                yield Violation(rule, detail.word)
                return
        marks = self.seen.condition.wear
        if detail.of:
            for mention in detail.of:
                if mention.said is Polarity.DENIED:
                    continue
                of = [wear for wear in marks if wear.tag in mention.tags or mention.general]
                if not of or not all(_has(wear, detail) for wear in of):
                    yield Violation(rule, detail.word)
        elif detail.role is Role.SEVERITY and detail.word not in self.lexicon.severity_alone:
            yield Violation(rule, detail.word)
        elif detail.role is not Role.PHOTO or self.cited:
            if not any(_has(wear, detail) for wear in self.cited):
                yield Violation(rule, detail.word)

    def _numbers(self) -> Iterator[Violation]:
        yield from (
            Violation(Rule(rule), word)
            for rule, word in self.numbers.broken(
                self.seen.condition.score, self.seen.photos, len(self.seen.condition.wear)
            )
        )
        if self.numbers.scores:
            self.stated.add("grade")
        if self.numbers.photo_counts:
            self.stated.add("photos")

    def _unjudged(self) -> Iterator[Violation]:
        unknown = {
            "condition": self.seen.condition.status != "assessed",
            "kind": self.seen.product.type == UNKNOWN,
            "material": self.seen.product.material == UNKNOWN,
            "colour": self.seen.product.colour in (None, UNKNOWN),
            "pattern": self.seen.product.pattern in (None, UNKNOWN),
        }
        for number, group in enumerate(self.groups):
            if not group.unjudged or any(mention.group == number for mention in self.mentions if not mention.general):
                continue
            topics = {topic for word in group for topic in word.term.values(Role.TOPIC)}
            if not topics:
                topics = {"condition"} if not self.facts.unclear and not self.seen.left_out else set()
            for topic in topics:
                if not unknown[topic]:
                    yield Violation(Rule.JUDGE, topic)
            self.stated.add("kind" if topics == {"kind"} else "not_judged")

    def _capitals(self) -> Iterator[Violation]:
        words = [term for term in self.terms if term.text[0].isalpha()]
        capital = [term for term in words if term.capital]
        titled = len(capital) > len(words) / 2
        for before, term in zip([None, *self.terms], self.terms, strict=False):
            if not term.capital or not term.has(Role.ORDINARY) or term.text in self.lexicon.capitals:
                continue
            starts = before is None or before.text in ".:!?–—(\"«“-"
            if titled or not starts:
                yield Violation(Rule.NAME, term.text)


def _rank(sense: Sense) -> tuple[bool, str, str]:
    return sense.role is Role.CLAIM, sense.role.value, sense.value


def _has(wear: Wear, detail: Detail) -> bool:
    if detail.role is Role.PHOTO:
        return str(wear.photo) in detail.values
    if detail.role is Role.SEVERITY:
        return wear.severity is not None and wear.severity.value in detail.values
    place = wear.place.value if wear.place else ""
    return any(value == place or value in place.split("_") for value in detail.values)
