"""The numbers of a sentence: the score, photo numbers, and how many photos and marks it counts."""

from collections.abc import Sequence

from services.core.narrative.clauses import Group, Word
from services.core.narrative.counts import FULL, Count, Counted, Numbers, value_of
from services.core.narrative.score_of import is_of_other
from services.core.narrative.senses import ANY, Role, Term

_NUMBER = frozenset({"number", "no.", "#", "nr"})
_SHOWN = frozenset({"that", "which"})
_RANGE = frozenset({"to", "through"})
_TAKEN = frozenset({"photographed", "pictured", "captured"})
# What a number of marks can be called before they are named.
_THINGS = frozenset(
    {"things", "choses", "remarques", "constats", "facts", "details", "remarks", "observations", "findings"}
)


def read_numbers(groups: Sequence[Group]) -> Numbers:
    """What the numbers of a sentence count. A number that counts nothing known is `unknown`."""
    numbers = Numbers()
    for at, group in enumerate(groups):
        _GroupNumbers(group, at, numbers).read()
    return numbers


class _GroupNumbers:
    def __init__(self, group: Group, at: int, numbers: Numbers) -> None:
        self._open = group.unjudged
        self._words = list(group)
        self._group, self._numbers = at, numbers
        self._firsts = {id(segment.words[0]) for segment in group.segments}
        self._done: set[int] = set()

    def read(self) -> None:
        for at, word in enumerate(self._words):
            if at in self._done:
                continue
            if word.term.has(Role.PHOTO):
                self._numbers.met_photo = True
                self._after_photo(at)
            elif self._numbers.met_photo and word.term.text in _NUMBER and not word.term.has(Role.NO):
                self._after_photo(at)
            elif word.term.has(Role.ALL, Role.BOTH) and self._counts_photos(at):
                self._numbers.all_photos.add(id(word))
            number = value_of(word.term, Role.NUMBER, Role.ORDINAL, Role.QUANTITY)
            number = 2 if word.term.has(Role.BOTH) else number
            if number is not None and at not in self._done:
                self._number(at, word.term, number)

    def _ahead(self, at: int, *roles: Role) -> bool:
        return any(word.term.has(*roles) for word in self._words[at + 1 : at + 4])

    def _counts_photos(self, at: int) -> bool:
        """Whether the noun after "all the three" or "the second of the four" is a photo."""
        ahead = (word.term for word in self._words[at + 1 : at + 5])
        passed = (Role.ARTICLE, Role.NUMBER, Role.OUT_OF)
        return next((t.has(Role.PHOTO) for t in ahead if not t.has(*passed)), False)

    def _names_a_photo(self, at: int, ahead: Sequence[Term]) -> bool:
        """Whether "the first" is a photo by itself: "rust in the first, a stain in the second"."""
        article = at > 0 and self._words[at - 1].term.has(Role.ARTICLE)
        # "The first for the rust", "it is the second that shows it".
        shows = bool(ahead) and ahead[0].text in _SHOWN and any(term.has(Role.VERB) for term in ahead[1:2])
        named = not ahead or ahead[0].has(Role.VERB) or ahead[0].text == "for" or shows
        return self._numbers.met_photo and article and named

    def _is_photo(self, at: int) -> bool:
        """Whether an ordinal without a noun is a photo: "a chip in the third photo, a dent in the first"."""
        alone = at + 1 == len(self._words) or id(self._words[at + 1]) in self._firsts
        return alone and self._numbers.met_photo

    def _follows(self, at: int, role: Role) -> bool:
        return any(word.term.has(role) for word in self._words[at + 1 : at + 2])

    def _after_photo(self, at: int) -> None:
        """Numbers after "photo": "photo 2", "photos 1 and 3", "photo no. 2"."""
        named: list[Word] = []
        through = range(0)
        for ahead in range(at + 1, len(self._words)):
            word = self._words[ahead]
            number = value_of(word.term, Role.NUMBER)
            if number is None:
                last = (
                    value_of(self._words[ahead + 1].term, Role.NUMBER)
                    if ahead + 1 < len(self._words)
                    else None
                )
                if word.term.text in _RANGE and named and last is not None:
                    through = range(value_of(named[-1].term, Role.NUMBER) or 0, last + 1)
                    self._done.add(ahead + 1)
                    break
                if not word.term.has(Role.NUMBER_SIGN):
                    break
                continue
            # "4 photos, 1 scratch" and "photo 2, one chip" name no further photo.
            counts = self._ahead(ahead, Role.WEAR, Role.PART) and not self._follows(ahead, Role.VERB)
            # "Looking at photo 2, one notices a chip."
            counts = counts or (word.term.has(Role.ARTICLE) and self._follows(ahead, Role.VERB))
            if id(word) in self._firsts and (not named or counts):
                break
            named.append(word)
            self._done.add(ahead)
        values = frozenset(str(value_of(word.term, Role.NUMBER)) for word in named) | {*map(str, through)}
        if named:
            self._numbers.photos[id(named[0])] = values

    def _count(self, of: Counted, number: int, term: Term) -> None:
        least = term.has(Role.QUANTITY)
        self._numbers.counts.append(Count(of, number, term.text, self._group, least))

    def _number(self, at: int, term: Term, number: int) -> None:
        beyond = [n for n, word in enumerate(self._words) if n > at and id(word) in self._firsts]
        end = min([at + 6, *beyond])
        ahead = [word.term for word in self._words[at + 1 : end]]
        article = at > 0 and self._words[at - 1].term.has(Role.ARTICLE)
        if term.text == "first" and at and not ahead and not article and not self._counts_photos(at):
            # "Have a look at photo 2 first."
            return None
        alone = at == 0 and len(self._words) > 1 and id(self._words[1]) in self._firsts
        if term.has(Role.ORDINAL) and alone and not self._numbers.met_photo:
            # "First, there is a chip; second, a crack."
            return None
        if term.has(Role.ORDINAL):
            if self._counts_photos(at) or self._names_a_photo(at, ahead) or self._is_photo(at):
                self._numbers.photos[id(self._words[at])] = frozenset({str(number)})
            else:
                self._count("unknown", number, term)
            return None
        if (
            self._open
            and ahead
            and ahead[0].has(Role.POINTS, Role.ORDINARY, Role.UNJUDGED, Role.OTHER)
            and not self._of_ten(at, ahead)
            and not any(other.has(Role.PHOTO, Role.WEAR, Role.PART, Role.KIND) for other in ahead[:2])
        ):
            # "Two points remain open."
            return self._count("open", number, term)
        if score := self._score(at, ahead, number):
            self._count(score, number, term)
            self._numbers.exact.add(id(self._words[at]))
            return None
        if at and self._words[at - 1].term.text == "au nombre de" and self._after_marks(at):
            # « Les défauts sont au nombre de deux. »
            return self._count("marks", number, term)
        taken = any(word.term.text in _TAKEN for word in self._words[max(0, at - 2) : at])
        if taken and ahead and ahead[0].text == "times":
            return self._count("photos", number, term)
        if ahead and ahead[0].text in _THINGS and not term.has(Role.ARTICLE):
            return self._count("things", number, term)
        if term.has(Role.ARTICLE) and ahead and (ahead[0].has(Role.AWAY) or ahead[0].text in _SHOWN):
            # "One on which no wear was found."
            return None
        for other in ahead:
            if other.has(Role.PHOTO):
                self._numbers.exact.add(id(self._words[at]))
                return self._count("photos", number, term)
            if other.has(Role.WEAR, Role.PART, Role.STATE):
                if ANY not in other.values(Role.WEAR):
                    # "Both a chip and a crack" counts neither.
                    # « Zéro tache » denies.
                    return None if term.has(Role.BOTH, Role.NO) else self._count("mark", number, term)
                return self._count("marks", number, term)
            # "One can see some wear" and "one of the marks" count nothing.
            if term.has(Role.ARTICLE) and other.has(Role.VERB, Role.OUT_OF):
                return None
            if other.has(Role.KIND) and not (term.has(Role.BOTH) and other.has(Role.SEVERITY)):
                pair = term.has(Role.NUMBER, Role.BOTH) or "pair" in term.text or term.text.isdecimal()
                return (
                    None
                    if term.has(Role.ARTICLE)
                    else self._count("pair" if pair else "unknown", number, term)
                )
            small = other.has(Role.SEVERITY)
            if value_of(other, Role.NUMBER) is not None or (other.has(Role.CLAIM) and not small):
                break
        if not term.has(Role.ARTICLE, Role.BOTH):
            self._count("unknown", number, term)
        return None

    def _after_marks(self, at: int) -> bool:
        """Whether the only wear that a group names before a place is any wear."""
        wear = [word.term for word in self._words[:at] if word.term.has(Role.WEAR, Role.PART)]
        return bool(wear) and all(ANY in term.values(Role.WEAR) for term in wear)

    def _score(self, at: int, ahead: Sequence[Term], number: int) -> Counted | None:
        """What a number says of the score, if it does: "8 out of 10", "lost two points", "8 and not a 10"."""
        before = self._segment_before(at)
        lost = [*before[-4:], *ahead[:5]]
        if any(term.has(Role.DEDUCT) for term in lost) and (self._points(ahead) or self._of_ten(at, ahead)):
            return "points lost"
        if number == FULL and self._from_full(at, ahead):
            self._numbers.exact.add(id(self._words[at]))
            return "ten"
        if not self._is_score(at, ahead, before):
            return None
        denial = [word for word in self._words[max(0, at - 3) : at] if word.term.has(Role.NO, Role.NOT)]
        if denial and any(term is denial[-1].term for term in before):
            self._numbers.denials.update(map(id, denial))
            return "other score"
        return "score"

    def _segment_before(self, at: int) -> list[Term]:
        first = max((n for n in range(at + 1) if id(self._words[n]) in self._firsts), default=0)
        return [word.term for word in self._words[first:at]]

    def _points(self, ahead: Sequence[Term]) -> bool:
        return any(term.has(Role.POINTS) for term in ahead[:1])

    def _of_ten(self, at: int, ahead: Sequence[Term]) -> bool:
        """Whether "out of 10" follows, and no photo: "8 of a possible ten", but "8 of 10 photos"."""
        skipped = int(self._points(ahead))
        rest = ahead[skipped:]
        if not rest or not rest[0].has(Role.OUT_OF):
            return False
        for place, term in enumerate(rest[1:4], 1):
            if value_of(term, Role.NUMBER) == FULL:
                if any(other.has(Role.PHOTO, Role.WEAR) for other in rest[place + 1 : place + 2]):
                    return False
                self._done |= {at + 1 + skipped + place}
                return True
            if not term.has(Role.ARTICLE, Role.ORDINARY):
                return False
        return False

    def _from_full(self, at: int, ahead: Sequence[Term]) -> bool:
        """Whether a ten is where a score begins: "took it from ten points to eight"."""
        rest = ahead[self._points(ahead) :]
        if not (at > 0 and self._words[at - 1].term.has(Role.AWAY)):
            return False
        target = next((n for n, term in enumerate(rest[:4]) if value_of(term, Role.NUMBER) is not None), None)
        if target is None or any(term.has(Role.PHOTO, Role.WEAR) for term in rest):
            return False
        place = at + 1 + (len(ahead) - len(rest)) + target
        self._done.add(place)
        word = self._words[place]
        self._count("score", value_of(word.term, Role.NUMBER) or 0, word.term)
        return True

    def _is_score(self, at: int, ahead: Sequence[Term], before: Sequence[Term]) -> bool:
        """Whether a number is a score: "8 out of 10", "a score of 8", "rated 8", "got an 8"."""
        if (
            len(ahead) > 2
            and ahead[0].has(Role.VERB)
            and ahead[1].has(Role.ARTICLE)
            and ahead[2].has(Role.POINTS)
        ):
            # "8 is the score."
            return True
        of_ten = self._of_ten(at, ahead)
        if of_ten or self._points(ahead):
            return not is_of_other(ahead, before, of_ten=of_ten)
        if any(term.has(Role.WEAR, Role.PART, Role.PHOTO) for term in ahead[:2]):
            return False
        ends = not ahead or ahead[0].has(Role.AWAY, Role.ONLY) or any(t.has(Role.TOPIC) for t in ahead[:2])
        if ends and any(term.has(Role.SCORING) for term in before[-3:]):
            return True
        scored = any(count.of == "score" and count.group == self._group for count in self._numbers.counts)
        if (
            ends
            and scored
            and value_of(self._words[at].term, Role.NUMBER) == FULL
            and any(t.has(Role.NO) for t in before)
        ):
            return True
        for word in reversed(self._words[max(0, at - 4) : at]):
            if word.term.has(Role.POINTS, Role.FULL_SCORE):
                return not (ahead and ahead[0].has(Role.PHOTO))
            if word.term.has(Role.PHOTO, Role.WEAR, Role.KIND):
                return False
        return False
