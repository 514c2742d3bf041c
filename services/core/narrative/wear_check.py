"""Holds what a sentence says of wear against the assessment: its kinds, number, severity, place and photo."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from services.core.domain.report import Wear
from services.core.narrative.clauses import Group, Polarity, names_wear
from services.core.narrative.counts import Count, Numbers
from services.core.narrative.denials import asks_of_known, denies_seeing
from services.core.narrative.details import RULES, Detail, details, shows
from services.core.narrative.exact import is_exact
from services.core.narrative.facts import FactId, Facts
from services.core.narrative.lexicon import Lexicon
from services.core.narrative.mentions import Mention, mentions
from services.core.narrative.near_marks import (
    asks_degree,
    counts_marks,
    is_another,
    least_of,
    lists_marks,
    names_unclear,
    points_at,
    without_marks,
)
from services.core.narrative.presumed import presumed
from services.core.narrative.repeats import repeats
from services.core.narrative.senses import ANYTHING, LAST, Role, Rule, Violation

_EXCLUDING = (Role.OTHER, Role.EXCEPT, Role.ASIDE, Role.ONLY)
_DENYING = (Role.NO, Role.NOT, Role.NOTHING)


class WearCheck:
    """The wear of one sentence. `cited` are the marks that it rests on; `stated` the facts that it states."""

    def __init__(
        self, groups: Sequence[Group], numbers: Numbers, cited: Sequence[Wear], facts: Facts, lexicon: Lexicon
    ) -> None:
        self._groups, self._numbers, self._cited = groups, numbers, cited
        self._facts, self.seen, self._lexicon = facts, facts.assessment, lexicon
        self._marks = self.seen.condition.wear
        found, words = mentions(groups)
        patterns = {m: self._pattern(m) for m in found}
        self.mentions = [m for m in found if patterns[m] is None]
        self.words = words - {id_ for id_ in patterns.values() if id_ is not None}
        self.stated: set[FactId] = set()

    def _pattern(self, mention: Mention) -> int | None:
        """The id of a word that names the pattern of goods without this wear: « rayé », striped."""
        word = list(self._groups[mention.group])[mention.at]
        seen = self.seen.product.pattern in word.term.values(Role.PATTERN)
        stated = mention.said is Polarity.STATED and not self._of(mention)
        return id(word) if seen and stated else None

    def violations(self) -> Iterator[Violation]:
        """The rules that the sentence breaks."""
        for mention in self.mentions:
            yield from self._general(mention) if mention.general else self._named_one(mention)
        yield from presumed(self._groups, self.mentions, self._marks)
        yield from self._whole()
        yield from self._details()
        yield from self._counts()

    @property
    def complete(self) -> bool:
        """Whether the sentence names all marks, and there cannot be others."""
        named = self._named or {wear.tag for wear in self._cited}
        return self._judged and bool(self._marks) and {wear.tag for wear in self._marks} <= named

    @cached_property
    def _judged(self) -> bool:
        """Whether all wear is judged, but for what the sentence itself leaves open."""
        assessed = self.seen.condition.status == "assessed"
        return self.seen.wear_judged or (assessed and names_unclear(self.mentions, self._facts.unclear))

    @property
    def _complete_without_names(self) -> bool:
        """As `complete`; a sentence that names and cites no mark speaks of others than all on record."""
        unnamed = not self._named and not self._cited
        return self.complete or (unnamed and self._judged)

    @property
    def names_all(self) -> bool:
        """Whether the sentence speaks of wear, and of all marks that there can be."""
        return bool(self.mentions) and self.complete

    @property
    def names_no_part(self) -> bool:
        """Whether the sentence names all marks or none: "the scratch cost it two points"."""
        return self.complete or not self._named

    @cached_property
    def _named(self) -> set[str]:
        stated = [mention for mention in self.mentions if mention.said is Polarity.STATED]
        return {tag for mention in stated if not mention.general for tag in mention.tags}

    @property
    def shares_severity(self) -> bool:
        """Whether the marks that the sentence speaks of are equally severe."""
        named = [wear for wear in self._marks if wear.tag in self._named] or self._cited
        return len({wear.severity for wear in named}) == 1

    def _of(self, mention: Mention) -> list[Wear]:
        return [wear for wear in self._marks if mention.general or wear.tag in mention.tags]

    def _named_one(self, mention: Mention) -> Iterator[Violation]:
        if mention.said is Polarity.STATED:
            if not self._of(mention):
                yield Violation(Rule.WEAR, mention.word)
            elif (mention.plural and len(self._of(mention)) < least_of(mention, self._groups)) or is_another(
                mention, self._groups
            ):
                yield Violation(Rule.COUNT, mention.word)
            self.stated |= {id_ for id_, wear in self._facts.marks.items() if wear.tag in mention.tags}
        elif mention.said is Polarity.DENIED:
            # One word may mean several kinds of wear: all that were looked for are absent.
            if not mention.tags & self.seen.absent or mention.tags & self._facts.unclear or self._of(mention):
                yield Violation(Rule.WEAR, mention.word)
            self.stated.add("absent")
        elif mention.said is Polarity.UNJUDGED:
            if not mention.tags & self._facts.unclear and not asks_degree(
                mention, self._groups, self._of(mention)
            ):
                yield Violation(Rule.WEAR, mention.word)
            self.stated.add("not_judged")
        elif asks_of_known(mention, self._groups[mention.group]) and not self._of(mention):
            yield Violation(Rule.WEAR, mention.word)

    def _general(self, mention: Mention) -> Iterator[Violation]:
        if mention.said is Polarity.STATED and ANYTHING not in mention.tags:
            group = self._groups[mention.group]
            # "Marks: one slight scratch."
            heading = group.ends == ":" and not group.has(Role.VERB, Role.NUMBER) and bool(self._marks)
            if len(self._marks) < 1 + mention.plural and not heading:
                yield Violation(Rule.COUNT if self._marks else Rule.WEAR, mention.word)
            elif is_another(mention, self._groups):
                yield Violation(Rule.COUNT, mention.word)
        elif mention.said is Polarity.DENIED:
            if self._denies_others(mention):
                if not self._complete_without_names:
                    yield Violation(Rule.ONLY, mention.word)
            elif not self._judged or (
                self._marks and not without_marks(mention, self._groups, self._numbers, self.seen)
            ):
                yield Violation(Rule.WEAR, mention.word)
            self.stated.add("absent")
        elif mention.said is Polarity.UNJUDGED and not self._facts.ids & {"not_judged"}:
            yield Violation(Rule.JUDGE, mention.word)

    def _denies_others(self, mention: Mention) -> bool:
        """Whether "no other marks" means others than those on record, not than those just denied."""
        excluding = any(group.has(*_EXCLUDING) for group in self._groups)
        listed = any(
            other.said is Polarity.DENIED and not other.general and other.group == mention.group
            for other in self.mentions
        )
        return excluding and (bool(self._named) or not listed)

    def _whole(self) -> Iterator[Violation]:
        """What excludes other wear, or all: "only", "nothing else", a negation that names no wear."""
        denied, named = [m for m in self.mentions if m.said is Polarity.DENIED], bool(self.mentions)
        for group in self._groups:
            words = list(group)
            for at, word in enumerate(words):
                exact = is_exact(words, at, self._groups, self._numbers, self.seen, named=named)
                if word.term.has(Role.ONLY) and id(word) not in self.words and not exact:
                    near = any(each.term.has(Role.PHOTO, Role.PLACE) for each in words[at + 1 : at + 2])
                    single = [m for m in self.mentions if m.said is Polarity.STATED and not m.general]
                    several = any(not m.plural and len(self._of(m)) > 1 for m in single)
                    if group.unjudged and names_unclear(self.mentions, self._facts.unclear):
                        continue
                    if near or not self.mentions or not self.complete or several:
                        yield Violation(Rule.ONLY, word.term.text)
                counted = any(count.of == "marks" for count in self._numbers.counts)
                stated = any(m.said is Polarity.STATED for m in self.mentions)
                if word.term.has(Role.SUMMING) and stated and not counted and not self.complete:
                    yield Violation(Rule.ONLY, word.term.text)
                others = word.term.has(Role.OTHER) and not group.has(*_DENYING, *_EXCLUDING[1:])
                others = others and not word.term.has(Role.BREAK) and not group.unjudged
                if others and not any(names_wear(near) for near in words[at + 1 : at + 3]):
                    yield Violation(Rule.ONLY, word.term.text)
            denying = next(
                (
                    word.term.text
                    for word in words
                    if word.term.has(*_DENYING) and id(word) not in self._numbers.denials
                ),
                None,
            )
            scored = group.has(Role.FULL_SCORE)
            if denying is not None and not group.unjudged and not denied and not scored:
                yield from self._denies_all(group, denying)
        excepting = any(mention.excepted for mention in self.mentions)
        if excepting and any(mention.general for mention in denied) and not self.complete:
            yield Violation(Rule.ONLY, "except")

    def _denies_all(self, group: Group, word: str) -> Iterator[Violation]:
        """A negation without wear: "nothing else" denies others, "nothing was found" all wear."""
        if group.has(Role.OTHER) or (
            group.has(Role.NOTHING) and any(each.has(Role.EXCEPT, Role.ASIDE) for each in self._groups)
        ):
            if not self._complete_without_names:
                yield Violation(Rule.ONLY, word)
        elif self._marks or not self._judged or not denies_seeing(group, self._lexicon.denial_words):
            yield Violation(Rule.WEAR, word)
        self.stated.add("absent")

    # Severity, place and photo

    def _details(self) -> Iterator[Violation]:
        last = str(self.seen.photos)
        photos = {
            id_: frozenset(last if value == LAST else value for value in values)
            for id_, values in self._numbers.photos.items()
        }
        found = details(self._groups, self.mentions, photos, self.words)
        unowned: list[Detail] = []
        of_general: dict[Mention, list[Detail]] = {}
        for detail in found:
            if detail.role is Role.PHOTO and not self._exist(detail):
                yield Violation(Rule.PHOTO, detail.word)
            owners = [mention for mention in detail.of if mention.said is Polarity.STATED]
            if not detail.of:
                unowned.append(detail)
            for mention in owners:
                if mention.general:
                    of_general.setdefault(mention, []).append(detail)
                elif not self._fits(detail, mention):
                    yield Violation(RULES[detail.role], detail.word)
            if detail.role is Role.PHOTO and len(detail.values) > 1 and owners:
                shown = {str(wear.photo) for mention in owners for wear in self._of(mention)}
                marks = sum(len(self._of(mention)) if mention.plural else 1 for mention in owners)
                if not detail.values <= shown or marks < len(detail.values):
                    yield Violation(Rule.PHOTO, detail.word)
        for mention, each in of_general.items():
            yield from self._general_details(mention, each)
        yield from self._unowned(unowned)

    def _exist(self, detail: Detail) -> bool:
        return all(1 <= int(value) <= self.seen.photos for value in detail.values)

    def _fits(self, detail: Detail, mention: Mention) -> bool:
        of = self._of(mention)
        return bool(of) and all(shows(wear, detail) for wear in of)

    def _general_details(self, mention: Mention, found: Sequence[Detail]) -> Iterator[Violation]:
        """Of "marks", some are on the photo or at the place, and those are as severe as is said."""
        where = [detail for detail in found if detail.role is not Role.SEVERITY]
        there = [wear for wear in self._marks if all(shows(wear, detail) for detail in where)]
        if len(there) < 1 + mention.plural:
            yield Violation(RULES[found[0].role], found[0].word)
        for detail in found:
            if detail.role is Role.SEVERITY and not all(shows(wear, detail) for wear in there):
                yield Violation(Rule.SEVERITY, detail.word)

    def _unowned(self, found: Sequence[Detail]) -> Iterator[Violation]:
        """Details of a sentence that names no wear are of all cited marks; photos alone may be any."""
        for detail in found:
            if detail.role is Role.SEVERITY and detail.word not in self._lexicon.severity_alone:
                yield Violation(Rule.SIZE, detail.word)
        they = any(word.term.text == "they" for group in self._groups for word in group)
        if not found or (not self._cited and not they and all(detail.role is Role.PHOTO for detail in found)):
            return
        if not self._cited and points_at(found, self._groups, self._marks):
            return
        if not self._cited or not all(all(shows(wear, detail) for detail in found) for wear in self._cited):
            yield Violation(RULES[found[0].role], found[0].word)

    # How many

    def _counts(self) -> Iterator[Violation]:
        yield from repeats(self.mentions, self._groups, self._numbers, self._marks)
        for count in self._numbers.counts:
            denied = any(m.group == count.group and m.said is Polarity.DENIED for m in self.mentions)
            if count.of == "marks" and count.number == 1 and denied:
                # "I could not find a single mark."
                continue
            if count.of == "marks" and not counts_marks(count, self._groups, self._numbers, self._marks):
                yield Violation(Rule.COUNT, count.word)
            elif count.of == "things" and not lists_marks(count.number, self.mentions):
                yield Violation(Rule.NUMBER, count.word)
            elif count.of == "photos" and self.seen.photos > 1 and self._on_photos(count):
                yield Violation(Rule.PHOTO, count.word)
        for group in self._groups:
            for word in group:
                if id(word) in self._numbers.all_photos and self.states_wear(group):
                    yield Violation(Rule.PHOTO, word.term.text)

    def _on_photos(self, count: Count) -> bool:
        """Whether a mark is said to be on so many photos, "visible on the three photos"."""
        words = list(self._groups[count.group])
        at = next((at for at, word in enumerate(words) if word.term.text == count.word), 0)
        where = any(word.term.has(Role.AWAY) for word in words[max(0, at - 2) : at])
        unnamed = bool(self._cited) and not self.mentions
        return where and (unnamed or self.states_wear(self._groups[count.group]))

    def states_wear(self, group: Group) -> bool:
        """Whether a wear is stated in a group, and not left open."""
        at = next(number for number, each in enumerate(self._groups) if each is group)
        return any(m.group == at and m.said is Polarity.STATED for m in self.mentions)
