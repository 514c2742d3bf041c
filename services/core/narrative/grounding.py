"""Holds a sentence, a title or a caption against the facts of an assessment."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from services.core.domain.assessment import Assessment
from services.core.domain.report import UNKNOWN
from services.core.narrative.capitals import names_by_capitals
from services.core.narrative.clauses import Group, Word
from services.core.narrative.combined import combined_claims
from services.core.narrative.facts import FactId, Facts
from services.core.narrative.goods_words import PRODUCT, goes_on, grades, is_kind, joined, misread
from services.core.narrative.lexicon import Lexicon
from services.core.narrative.listed import is_fronted, sums_up
from services.core.narrative.numbers import read_numbers
from services.core.narrative.open_points import open_topics, unknown_topics
from services.core.narrative.reading import read
from services.core.narrative.scores import (
    count_violations,
    deducts,
    facts_counted,
    is_left_open,
    says_full_score,
)
from services.core.narrative.senses import Role, Rule, Sense, Term, Violation
from services.core.narrative.subjects import is_colour, is_of_part, is_of_pattern, is_of_wear
from services.core.narrative.tokens import plain, tokens
from services.core.narrative.unlisted import unlisted
from services.core.narrative.wear_check import WearCheck

__all__ = ["Held", "Rule", "Violation", "caption_fits", "fitting_caption", "hold", "hold_title"]

TITLE_CHARACTERS = 100
CAPTION_WORDS = range(1, 31)
_BEFORE_NOUNS = (Role.ARTICLE, Role.NO, Role.JOINING, Role.SEVERITY, Role.NUMBER, Role.QUANTITY, Role.OTHER)
_LISTING = frozenset({"listing", "description", "advert", "ad", "report"})
_CONTRAST = frozenset({"rather than", "not", "n't"})
# What these do is checked of each word; the other roles shape the sentence.
_WORDS = frozenset(
    {
        Role.CLAIM, *PRODUCT, Role.WEAR, Role.PART, Role.STATE, Role.GRADE, Role.FREE, Role.INSPECTED,
        Role.SELLER, Role.USED, Role.ALL, Role.UNTOLD, Role.UNTESTED, Role.OF_PHOTOS, Role.UNLESS_WEAR,
        Role.DEDUCT, Role.BRINGS, Role.FULL_SCORE,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Held:
    """The facts that a text states, found by reading it."""

    facts: frozenset[FactId]


def hold(text: str, cited: Collection[str], facts: Facts, lexicon: Lexicon) -> Held | Violation:
    """The facts that a sentence states, or the first rule that it breaks.

    `cited` are the ids of the facts that it rests on: those of the marks say which wear "it" is.
    """
    sentence = plain(text)
    if sentence is None:
        return Violation(Rule.FORM, "")
    check = _Check(sentence, cited, facts, lexicon)
    return next(check.violations(), None) or Held(frozenset(check.stated))


def hold_title(text: str, facts: Facts, lexicon: Lexicon) -> Held | Violation:
    """The facts that a title states, or the first rule that it breaks."""
    if len(text) > TITLE_CHARACTERS:
        return Violation(Rule.FORM, "")
    return hold(text, (), facts, lexicon)


def caption_fits(assessment: Assessment, lexicon: Lexicon) -> bool:
    """Whether the caption names the product, and states nothing beside the scored answers.

    Captions are generated, in English, and may contradict the model's scored answers, which take precedence.
    """
    if len(assessment.caption.split()) not in CAPTION_WORDS or assessment.product.type == UNKNOWN:
        return False
    found = hold(assessment.caption, (), Facts(assessment), lexicon)
    return isinstance(found, Held) and "kind" in found.facts


def fitting_caption(assessment: Assessment, lexicon: Lexicon) -> str | None:
    """The caption if it states nothing beside the assessment, else None."""
    return assessment.caption if caption_fits(assessment, lexicon) else None


class _Check:
    """One text against the facts; `stated` are those that it states, once `violations` has ended."""

    def __init__(self, text: str, cited: Collection[str], facts: Facts, lexicon: Lexicon) -> None:
        self._facts, self._lexicon, self._seen = facts, lexicon, facts.assessment
        self._terms = lexicon.terms(tokens(text, lexicon.language))
        self._groups = read(self._terms)
        self._numbers = read_numbers(self._groups)
        marks = [wear for id_, wear in facts.marks.items() if id_ in cited]
        self._wear = WearCheck(self._groups, self._numbers, marks, facts, lexicon)
        self.stated: set[FactId] = set()

    def violations(self) -> Iterator[Violation]:
        """The rules that the text breaks."""
        yield from names_by_capitals(self._terms, self._lexicon)
        for term in self._terms:
            yield from unlisted(term)
        yield from combined_claims(self._terms, self._groups, self._wear, self._lexicon)
        for group in self._groups:
            words = list(group)
            for at, word in enumerate(words):
                if id(word) not in self._wear.words and word.term.senses:
                    yield from self._word(words, at, group)
        yield from self._wear.violations()
        yield from count_violations(self._numbers.counts, self._facts, names_all=self._wear.names_no_part)
        self.stated |= facts_counted(self._numbers.counts)
        for number, group in enumerate(self._groups):
            if group.unjudged:
                topics = open_topics(number, self._groups, self._wear.mentions, self._facts)
                if topics is not None:
                    yield from self._unjudged(topics)
        self.stated |= self._wear.stated

    def _word(self, words: Sequence[Word], at: int, group: Group) -> Iterator[Violation]:
        term = words[at].term
        after_photo = [w for w in words[at + 1 : at + 2] if not w.term.has(Role.PHOTO, Role.NUMBER_SIGN)]
        pictured = [w for w in after_photo if w.term.has(Role.KIND)]
        if term.has(Role.PHOTO) and pictured and joined(pictured[0], group):
            yield Violation(Rule.PATTERN, term.text)
        broken: list[Rule | None] = []
        for sense in sorted(
            term.senses, key=lambda sense: (sense.role is Role.CLAIM, sense.role, sense.value)
        ):
            if sense.role not in _WORDS:
                # « Neuf » is nine only where it counts something; « semble » claims beside a wear.
                claims = sense.role is Role.NUMBER and term.has(Role.CLAIM)
                claims = claims and not self._counts(words, at, group)
                if not term.has(Role.OF_PHOTOS, Role.UNLESS_WEAR):
                    broken.append(self._claimed(term) if claims else None)
                continue
            rule = self._broken(sense, words, at, group)
            if rule is None:
                self._state(sense.role)
            broken.append(rule)
        if all(broken) and not (
            self._apart(words, at, group) or goes_on(words, at, self._facts, self._lexicon)
        ):
            yield Violation(cast("Rule", broken[0]), term.text)

    def _counts(self, words: Sequence[Word], at: int, group: Group) -> bool:
        """Whether what a number counts, or out of how many, follows it at once."""
        after = [word for word in words[at + 1 : at + 2] if joined(word, group)]
        return any(
            word.term.has(Role.OUT_OF, Role.POINTS, Role.PHOTO, Role.WEAR, Role.PART) for word in after
        )

    def _apart(self, words: Sequence[Word], at: int, group: Group) -> bool:
        """Whether a name of several words is true word by word: "leather jacket" of a jacket in leather.

        Its kind comes last in English and first in French: « tableau blanc » of a white painting.
        """
        term = words[at].term
        if not term.has(Role.KIND) or " " not in term.text:
            return False
        parts = self._lexicon.apart(term)
        ordered = parts if self._lexicon.language == "en" else parts[::-1]
        if not ordered[-1].has(Role.KIND) or not all(part.has(*PRODUCT[1:]) for part in ordered[:-1]):
            return False
        for part in parts:
            holding = [s for s in part.senses if s.role in PRODUCT and not self._broken(s, words, at, group)]
            if not holding:
                return False
            self._state(holding[0].role)
        return True

    def _state(self, role: Role) -> None:
        if role in (*PRODUCT, Role.GRADE):
            self.stated.add(cast("FactId", role.value))

    def _broken(self, sense: Sense, words: Sequence[Word], at: int, group: Group) -> Rule | None:
        """The rule that one sense of a word breaks; None: it holds."""
        product, seen, term = self._seen.product, self._seen, words[at].term
        before, after = words[max(0, at - 1) : at], words[at + 1 : at + 2]
        denied = group.denies(at)
        made_of = bool(before) and "material" in before[0].term.values(Role.TOPIC) and term.has(Role.MATERIAL)
        if made_of and sense.role in (Role.KIND, Role.COLOUR, Role.PATTERN):
            return Rule.MATERIAL
        number = next(number for number, each in enumerate(self._groups) if each is group)
        earlier = self._groups[number - 1] if number else None
        if self._lexicon.language == "en" and misread(sense, at, group, earlier, self._facts):
            return Rule.MATERIAL
        if sense.role in (*PRODUCT, Role.GRADE) and self._is_asked(words, at, group):
            return Rule.JUDGE
        match sense.role:
            case Role.KIND:
                several = sense.plural and Sense(Role.KIND, sense.value) not in term.senses
                return (
                    Rule.KIND
                    if denied or not is_kind(sense.value, self._facts)
                    else Rule.COUNT
                    if several
                    else None
                )
            case Role.MATERIAL | Role.COLOUR | Role.PATTERN:
                known: str | None = getattr(product, sense.role.value)
                beside = after if self._lexicon.language == "en" else before
                second = words[at] if beside is before else (*after, words[at])[0]
                of_wear = bool(beside) and joined(second, group) and beside[0].term.has(Role.WEAR)
                of_wear = of_wear and id(beside[0]) in self._wear.words
                held = sense.value == known and not denied and not (of_wear and sense.role is Role.COLOUR)
                if sense.role is Role.COLOUR and term.text in self._lexicon.things:
                    held = held and is_colour(at, group, self._groups)
                if sense.role is not Role.PATTERN:
                    held = held and not is_of_wear(at, group, self._wear.words)
                if sense.role is Role.COLOUR:
                    held = held and not is_of_pattern(at, group)
                if sense.role is Role.PATTERN and term.has(Role.WEAR):
                    # "Minor writing" is a mark, also on goods with a text.
                    held = held and not (before and before[0].term.has(Role.SEVERITY))
                return None if held else Rule(sense.role.value)
            case Role.GRADE:
                held = sense.value == seen.condition.grade and not denied
                if seen.condition.grade is not None and sense.value != seen.condition.grade:
                    # "Fair rather than good", "good, not excellent".
                    held = bool(before) and before[0].term.text in _CONTRAST
                held = held and not is_of_part(at, group)
                of_goods = " " in term.text or grades(words[at + 1 :], group, self._facts, self._lexicon)
                return None if held and of_goods else Rule.GRADE
            case Role.FREE:
                # « Les taches sont absentes » : a word that says the state of a part as well.
                those = words[:at] if term.has(Role.STATE) else before
                return None if any(id(word) in self._wear.words for word in those) else Rule.OFFER
            case Role.INSPECTED:
                return None if group.has(Role.PHOTO) or group.unjudged else Rule.JUDGE
            case Role.SELLER:
                return None if seen.condition_stated or seen.wear_stated else Rule.JUDGE
            case Role.USED:
                how = before and before[0].term.has(Role.SEVERITY)
                return Rule.HISTORY if denied or how else None
            case Role.ALL:
                counted = id(words[at]) in self._numbers.all_photos or self._wear.names_all
                counted = counted or sums_up(words, at, number, self._wear.mentions)
                return None if counted else Rule.ONLY
            case Role.UNTOLD | Role.UNTESTED:
                return None if is_left_open(words[at], group, sense.role) else self._claimed(term)
            case Role.OF_PHOTOS:
                return None if group.has(Role.PHOTO) or group.unjudged else self._claimed(term)
            case Role.UNLESS_WEAR:
                return self._claimed(term) if self._wear.states_wear(group) else None
            case Role.DEDUCT:
                return None if deducts(self._groups, seen) else self._claimed(term)
            case Role.BRINGS:
                return None if self._brings(words[at + 1 :]) else self._claimed(term)
            case Role.FULL_SCORE:
                # "It kept it from a higher score."
                short = denied or any(word.term.has(Role.AWAY) for word in words[max(0, at - 2) : at])
                return None if says_full_score(denied=short, seen=seen) else Rule.GRADE
            case Role.CLAIM:
                return Rule(sense.value)
            case _:
                if sense.role is Role.PART and is_fronted(sense, number, self._wear.mentions):
                    return None
                return Rule.PLACE if sense.role is Role.PART else Rule.WEAR

    def _is_asked(self, words: Sequence[Word], at: int, group: Group) -> bool:
        """Whether what is known is said to be unclear: "it is unclear whether it is a mug"."""
        number = next(number for number, each in enumerate(self._groups) if each is group)
        if not group.unjudged or any(m.group == number for m in self._wear.mentions):
            return False
        whether = next((n for n in range(at) if words[n].term.has(Role.WHETHER)), at)
        return any(word.term.has(Role.VERB) for word in words[whether:at])

    def _brings(self, following: Sequence[Word]) -> bool:
        """Whether "comes with" is followed by wear, a score or photos."""
        for word in following:
            shown = word.term.has(Role.POINTS, Role.PHOTO) or word.term.text in _LISTING
            if id(word) in self._wear.words or shown:
                return True
            if not word.term.has(*_BEFORE_NOUNS):
                return False
        return False

    @staticmethod
    def _claimed(term: Term) -> Rule:
        return Rule(min(term.values(Role.CLAIM), default=Rule.UNFAMILIAR))

    def _unjudged(self, topics: frozenset[str]) -> Iterator[Violation]:
        """What is said to be unknown is."""
        unknown = unknown_topics(self._facts)
        for topic in sorted(topics):
            if not unknown[topic]:
                yield Violation(Rule.JUDGE, topic)
        if "kind" in topics:
            self.stated.add("kind")
        if topics - {"kind"} or not topics:
            self.stated.add("not_judged")
