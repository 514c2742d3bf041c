"""The numbers of a sentence: the score, photo numbers, and how many photos and marks it counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.core.narrative.reading import Group, Word
from services.core.narrative.senses import ANY, Role, Rule, Term


@dataclass(slots=True)
class Numbers:
    """What each number of a sentence counts; `others` are those that count nothing known."""

    photos: list[tuple[Word, int]] = field(default_factory=list)
    photo_counts: list[tuple[str, int]] = field(default_factory=list)
    mark_counts: list[tuple[str, int, bool]] = field(default_factory=list)
    scores: list[tuple[str, int]] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    _counted: set[int] = field(default_factory=set)

    def counted(self, word: Word) -> bool:
        """Whether the word belongs to a number of photos: "all three photos"."""
        return id(word) in self._counted

    def broken(self, score: int | None, photos: int, marks: int) -> Iterator[tuple[Rule, str]]:
        """The rules that numbers break, each with its word."""
        for word, number in self.scores:
            if number != score:
                yield Rule.GRADE, word
        for word, number in self.photo_counts:
            if number != photos:
                yield Rule.PHOTO, word
        for word, number, general in self.mark_counts:
            if number != (marks if general else 1):
                yield Rule.COUNT, word
        for word in self.others:
            yield Rule.NUMBER, word


def read_numbers(groups: Sequence[Group]) -> Numbers:
    """What the numbers of a sentence count."""
    numbers = Numbers()
    for group in groups:
        _read(list(group), numbers)
    return numbers


def value_of(term: Term, *roles: Role) -> int | None:
    """The number that a term is, by digits or as a word of these roles."""
    if term.text.isdecimal() and len(term.text) <= 4:
        return int(term.text)
    values = {int(value) for role in roles for value in term.values(role)}
    return min(values) if values else None


def _read(words: Sequence[Word], numbers: Numbers) -> None:
    done: set[int] = set()
    for at, word in enumerate(words):
        if at in done:
            continue
        if word.term.has(Role.PHOTO):
            done |= _photo_numbers(words, at, numbers)
            continue
        number = value_of(word.term, Role.NUMBER, Role.ORDINAL, Role.QUANTITY)
        if word.term.has(Role.BOTH):
            number = 2
        if word.term.has(Role.ALL):
            following = (ahead.term for ahead in words[at + 1 : at + 5])
            counted = next((term for term in following if not term.has(Role.ARTICLE, Role.NUMBER)), None)
            if counted is not None and counted.has(Role.PHOTO):
                numbers._counted.add(id(word))
        if number is not None:
            done |= _number(words, at, number, numbers)


def _photo_numbers(words: Sequence[Word], at: int, numbers: Numbers) -> set[int]:
    """Numbers after "photo": "photo 2", "photos 1 and 3", "photo no. 2"."""
    done: set[int] = set()
    for ahead in range(at + 1, len(words)):
        number = value_of(words[ahead].term, Role.NUMBER)
        if number is not None and not (words[ahead].term.has(Role.ARTICLE) and ahead > at + 1):
            numbers.photos.append((words[ahead], number))
            done.add(ahead)
        elif not words[ahead].term.has(Role.NUMBER_SIGN):
            break
    return done


def _number(words: Sequence[Word], at: int, number: int, numbers: Numbers) -> set[int]:
    term = words[at].term
    ahead = [word.term for word in words[at + 1 : at + 5]]
    between = next((other for other in ahead if not other.has(Role.ARTICLE, Role.NUMBER)), None)
    if term.has(Role.ORDINAL) and between is not None and between.has(Role.PHOTO):
        numbers.photos.append((words[at], number))
        return set()
    if term.has(Role.ORDINAL):
        numbers.others.append(term.text)
        return set()
    if len(ahead) > 1 and ahead[0].has(Role.OUT_OF) and value_of(ahead[1], Role.NUMBER) == 10:
        numbers.scores.append((term.text, number))
        return {at + 2}
    points = ahead[:1] and ahead[0].has(Role.POINTS)
    if points or any(word.term.has(Role.POINTS) for word in words[max(0, at - 3) : at]):
        numbers.scores.append((term.text, number))
        return {at + 3} if len(ahead) > 2 and ahead[1].has(Role.OUT_OF) else set()
    for other in ahead:
        if other.has(Role.PHOTO):
            numbers.photo_counts.append((term.text, number))
            return set()
        if other.has(Role.WEAR, Role.PART, Role.STATE):
            general = ANY in other.values(Role.WEAR)
            if not (general and term.has(Role.ARTICLE)):
                numbers.mark_counts.append((term.text, number, general))
            return set()
        if other.has(Role.KIND, Role.CLAIM) and not other.has(Role.SEVERITY):
            break
    if not term.has(Role.ARTICLE, Role.BOTH):
        numbers.others.append(term.text)
    return set()
