"""The words of a language by what they can claim: closed words, ordinary ones, and those in no list.

A *closed* word can be false of goods: a name of the catalogue, or a claim of the data files. An *ordinary*
word claims nothing, alone or together with others. Every other word is unfamiliar.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any, Literal

import snowballstemmer
from pydantic import BaseModel, ConfigDict

from catalogue import Catalogue
from catalogue.model import Language
from services.core.domain.report import Grade, Severity
from services.core.narrative.catalogue_names import catalogue_names
from services.core.narrative.combinations import Combinations
from services.core.narrative.inflections import inflections
from services.core.narrative.senses import ANY, ORDINARY, Role, Rule, Sense, Term
from services.core.narrative.tokens import Token, words_of

_FOLDER = Path(__file__).parent / "lexicon"
# What these claim, each word of their family claims; other words are known by their inflections.
_BY_STEM = frozenset({
    Role.CLAIM, Role.WEAR, Role.PART, Role.STATE, Role.KIND, Role.MATERIAL, Role.COLOUR, Role.PATTERN,
    Role.SEVERITY, Role.GRADE, Role.PLACE, Role.USED,
})  # fmt: skip
_STEMMERS: Mapping[Language, str] = {"en": "english", "fr": "french"}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    part: tuple[str, ...]
    state: tuple[str, ...]
    # One mark, on however many of its parts: "worn corners".
    spread: bool = False


class LexiconFile(BaseModel):
    """The data file of a language; lexicon/en.toml says what each table holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    stems: bool
    phrases: tuple[str, ...]
    capitals: tuple[str, ...]
    unprintable: tuple[str, ...]
    claims: dict[Rule, tuple[str, ...]]
    grammar: dict[Role, tuple[str, ...]]
    topics: dict[Literal["kind", "material", "colour", "pattern", "condition"], tuple[str, ...]]
    numbers: dict[str, int]
    ordinals: dict[str, int]
    quantities: dict[str, int]
    severity: dict[Severity, tuple[str, ...]]
    severity_alone: tuple[str, ...]
    place: dict[str, tuple[str, ...]]
    grade: dict[Grade, tuple[str, ...]]
    grade_followers: tuple[str, ...]
    wear: dict[str, tuple[str, ...]]
    wear_plural: tuple[str, ...]
    things: tuple[str, ...] = ()
    parts: dict[str, _Part]
    material: dict[str, tuple[str, ...]]
    colour: dict[str, tuple[str, ...]]
    pattern: dict[str, tuple[str, ...]]
    kinds: dict[str, tuple[str, ...]] = {}
    departments: dict[str, tuple[str, ...]]
    several_kinds: dict[str, tuple[str, ...]] = {}
    denial_words: tuple[str, ...] = ()


class Lexicon:
    """The lexicon of one catalogue in one language; not changed once made."""

    def __init__(self, catalogue: Catalogue, language: Language) -> None:
        self.language = language
        data = _read(language)
        stem = snowballstemmer.stemmer(_STEMMERS[language]).stemWord
        self._stem: Callable[[str], str] = lru_cache(maxsize=20_000)(stem) if data.stems else str
        self.capitals = frozenset(word for phrase in data.capitals for word in words_of(phrase, language))
        self.things = frozenset(data.things)
        self.severity_alone = frozenset(data.severity_alone)
        self.grade_followers = frozenset(data.grade_followers)
        self.denial_words = frozenset(data.denial_words)
        self.combinations, self._harmless, self._homonyms = _combinations(language)
        unprintable = {words_of(phrase, language) for phrase in data.unprintable}
        self._surfaces: dict[tuple[str, ...], frozenset[Sense]] = {}
        self._stems: dict[tuple[str, ...], frozenset[Sense]] = {}
        self._forms: dict[tuple[str, ...], frozenset[Sense]] = {}
        spread = {tag for tag, part in data.parts.items() if part.spread}
        for words, sense in catalogue_names(catalogue, language):
            if words in unprintable and len(words) > 1:
                self._add(self._surfaces, words, Sense(Role.CLAIM, sense.role.value))
            if words not in unprintable:
                once = sense.role is Role.WEAR and sense.value in spread
                self._add(self._surfaces, words, replace(sense, plural=False) if once else sense)
        self._names = frozenset(self._surfaces)
        for phrase, sense in _closed(data):
            words = words_of(phrase, language)
            self._add(self._surfaces, words, sense)
            if sense.role in _BY_STEM or not data.stems:
                self._add(self._stems, self._stemmed(words), sense)
            else:
                for form in _forms(words):
                    self._add(self._forms, form, sense)
        ordinary = {
            phrase: words_of(phrase.lstrip("="), language)
            for phrase in (*written_out(data.phrases), *_words(language))
        }
        for phrase, words in ordinary.items():
            self._surfaces.setdefault(words, frozenset({ORDINARY}))
            if data.stems and not phrase.startswith("="):
                for form in _forms(words):
                    self._forms.setdefault(form, frozenset({ORDINARY}))
        self._ordinary = frozenset(ordinary.values())
        keys = (*self._surfaces, *self._stems, *self._forms)
        self._longest: dict[str, int] = {}
        for key in keys:
            self._longest[key[0]] = max(len(key), self._longest.get(key[0], 0))

    @property
    def ordinary_names(self) -> frozenset[tuple[str, ...]]:
        """The ordinary phrases that the catalogue has as a name; none in a sound lexicon."""
        return self._ordinary & self._names

    def terms(self, tokens: Sequence[Token]) -> list[Term]:
        """The tokens as terms, each the longest on record: as it stands, by its stem, by its form.

        Where its neighbours make a claim harmless, "with care before you decide", a term is an ordinary one.
        """
        texts = [token.text for token in tokens]
        stems = [self._stem(text) for text in texts]
        found, at = list[Term](), 0
        while at < len(texts):
            length, senses = self._match(texts, stems, at)
            roles = {sense.role for sense in senses}
            next_role = Role.WEAR if Role.SEVERITY in roles else Role.KIND if Role.KIND in roles else None
            if length > 1 and next_role and (next_role is Role.WEAR or self.language == "en"):
                length = self._before(next_role, texts, stems, at, length)
                senses = self._match(texts[: at + length], stems, at)[1]
            text = " ".join(texts[at : at + length])
            found.append(Term(text, senses, any(token.capital for token in tokens[at : at + length])))
            at += length
        harmless, homonyms = self._harmless.places(found), self._homonyms.places(found)
        found = [_freed(term) if at in harmless else term for at, term in enumerate(found)]
        return [_plain(term) if at in homonyms else term for at, term in enumerate(found)]

    def senses_of(self, words: tuple[str, ...]) -> frozenset[Sense]:
        """The senses of a phrase as it stands."""
        return self._surfaces.get(words, frozenset())

    def apart(self, term: Term) -> list[Term]:
        """The words of a name by themselves: "leather" and "jacket", « veste » and « en jean »."""
        return [Term(word, self._match([word], [self._stem(word)], 0)[1]) for word in _named(term.text)]

    def _match(self, texts: list[str], stems: list[str], at: int) -> tuple[int, frozenset[Sense]]:
        most = max(self._longest.get(texts[at], 1), self._longest.get(stems[at], 1))
        for length in range(min(most, len(texts) - at), 0, -1):
            senses = self._surfaces.get(tuple(texts[at : at + length]))
            senses = senses or self._stems.get(tuple(stems[at : at + length]))
            senses = senses or self._forms.get(tuple(texts[at : at + length]))
            if senses and not (length > 1 and _is_cut(senses, texts[at + length : at + length + 1])):
                return length, senses
        return 1, frozenset()

    def _before(self, role: Role, texts: list[str], stems: list[str], at: int, length: int) -> int:
        """The length before a name of this role that begins within: "plush" of "plush toy car"."""
        for shorter in range(1, length):
            found, senses = self._match(texts, stems, at + shorter)
            named = shorter + found > length and any(sense.role is role for sense in senses)
            if named and self._match(texts[: at + shorter], stems, at)[0] == shorter:
                return shorter
        return length

    def _stemmed(self, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(self._stem, words))

    @staticmethod
    def _add(table: dict[tuple[str, ...], frozenset[Sense]], words: tuple[str, ...], sense: Sense) -> None:
        table[words] = table.get(words, frozenset()) | {sense}


def _named(name: str) -> list[str]:
    """The words of a name without those that join them."""
    return [word for word in name.split() if word != "en"]


def _combinations(language: Language) -> tuple[Combinations, Combinations, Combinations]:
    """The combinations that claim something, those in which no word does, and those where none is a name."""
    with (_FOLDER / f"combinations_{language}.toml").open("rb") as file:
        table = tomllib.load(file)
    harmless, homonyms = (Combinations([(key, table.pop(key, ()))]) for key in ("harmless", "homonyms"))
    return Combinations(table.items()), harmless, homonyms


def _freed(term: Term) -> Term:
    """A term without its claims; an unlisted name stays one."""
    senses = frozenset(sense for sense in term.senses if sense.role is not Role.CLAIM)
    if term.senses == senses and (senses or term.capital or not term.text.isalpha()):
        return term
    return Term(term.text, senses or frozenset({ORDINARY}), term.capital)


def _plain(term: Term) -> Term:
    """A term that names no goods and no state; a detail of photos stays one."""
    names = (Role.KIND, Role.STATE, Role.PATTERN, Role.PLACE, Role.CLAIM)
    if not term.has(*names) or term.has(Role.PHOTO, Role.WEAR, Role.SEVERITY, Role.NUMBER_SIGN):
        return term
    senses = frozenset(sense for sense in term.senses if sense.role not in names)
    return Term(term.text, senses or frozenset({ORDINARY}), term.capital)


def _read(language: Language) -> LexiconFile:
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return LexiconFile.model_validate(tomllib.load(file))


def _words(language: Language) -> Iterator[str]:
    for line in (_FOLDER / f"{language}.txt").read_text("utf-8").splitlines():
        yield from line.partition("#")[0].split()


def written_out(phrases: Iterable[str]) -> Iterator[str]:
    """The phrases, each with every choice of its alternatives: "a|the| mark" is three."""
    for phrase in phrases:
        if "|" in phrase:
            parts = [part.split("|") for part in phrase.split()]
            yield from (" ".join(filter(None, choice)) for choice in product(*parts))
        else:
            yield phrase


def _closed(data: LexiconFile) -> Iterator[tuple[str, Sense]]:
    yield from _senses(Role.CLAIM, data.claims)
    for role, phrases in data.grammar.items():
        yield from ((phrase, Sense(role)) for phrase in written_out(phrases))
    yield from _senses(Role.TOPIC, data.topics)
    for role, numbers in (
        (Role.NUMBER, data.numbers),
        (Role.ORDINAL, data.ordinals),
        (Role.QUANTITY, data.quantities),
    ):
        yield from ((phrase, Sense(role, str(number))) for phrase, number in numbers.items())
    for role, table in (
        (Role.SEVERITY, data.severity),
        (Role.PLACE, data.place),
        (Role.GRADE, data.grade),
        (Role.WEAR, data.wear),
        (Role.KIND, data.kinds),
        (Role.MATERIAL, data.material),
        (Role.COLOUR, data.colour),
        (Role.PATTERN, data.pattern),
    ):
        yield from _senses(role, table)
    yield from ((phrase, Sense(Role.WEAR, ANY, plural=True)) for phrase in data.wear_plural)
    for tag, part in data.parts.items():
        yield from (
            (phrase, Sense(Role.PART, tag, plural=not part.spread and _is_plural(phrase, part.part)))
            for phrase in part.part
        )
        yield from ((phrase, Sense(Role.STATE, tag)) for phrase in part.state)
    for department, phrases in data.departments.items():
        yield from ((phrase, Sense(Role.KIND, f"{department}/")) for phrase in phrases)
    for phrase, kinds in data.several_kinds.items():
        yield from ((phrase, Sense(Role.KIND, kind)) for kind in kinds)


def _forms(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """A phrase with one of its words inflected."""
    for at, word in enumerate(words):
        yield from ((*words[:at], form, *words[at + 1 :]) for form in inflections(word))


def _is_cut(senses: frozenset[Sense], following: Sequence[str]) -> bool:
    """Whether "no." ends a sentence, since no number follows."""
    return senses == {Sense(Role.NUMBER_SIGN)} and not (following and following[0].isdecimal())


def _is_plural(phrase: str, phrases: Iterable[str]) -> bool:
    return phrase.removesuffix("s") in {*phrases} - {phrase}


def _senses(role: Role, table: Mapping[Any, Iterable[str]]) -> Iterator[tuple[str, Sense]]:
    for value, phrases in table.items():
        yield from ((phrase, Sense(role, str(value))) for phrase in phrases)


def lexicon(catalogue: Catalogue, language: Language) -> Lexicon:
    """The lexicon of a catalogue, made once for each of its versions and languages."""
    key = (catalogue.version, tuple(catalogue.departments), language)
    if key not in _MADE:
        _MADE[key] = Lexicon(catalogue, language)
    return _MADE[key]


_MADE: dict[tuple[str, tuple[str, ...], Language], Lexicon] = {}
