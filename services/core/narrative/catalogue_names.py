"""The catalogue's names in a language, each with what a text claims by it."""

import re
from collections.abc import Iterator
from itertools import combinations

from catalogue import Adjective, Catalogue, Kind
from catalogue.model import Language
from services.core.narrative.grammar import plural_of
from services.core.narrative.senses import Role, Sense
from services.core.narrative.tokens import words_of

# After these, a name says what belongs to the thing: the head stands before them.
_LINKS = (" of ", " with ", " for ", " in ")
_IMITATING = frozenset({"toy", "play", "model", "doll", "doll's", "remote", "rc", "miniature"})
_WITH = ("with a ", "with an ", "with ", "à motif ", "à ")


def catalogue_names(catalogue: Catalogue, language: Language) -> Iterator[tuple[tuple[str, ...], Sense]]:
    """Each name of the kinds, materials, colours, patterns and wear, as tokens.

    A name that claims more than its kind, such as the alias "silk tie" of a tie, has the value "" and fits
    no goods. The value of a shorter name is that of the whole: "lamp" of a floor lamp.
    """
    departments = catalogue.departments.values()
    apart = {one.answer for each in departments for one in each.materials}
    apart |= {one.answer for one in (*catalogue.colours, *catalogue.patterns)}
    for kind in catalogue.kinds.values():
        for name, sense in _kind(kind, language):
            # "Glass vase" is read as what its words say.
            if sense.value or apart.isdisjoint(name.split()):
                yield words_of(name, language), sense
    for material in {one.id: one for each in departments for one in each.materials}.values():
        names = (
            [material.noun.fr] if language == "fr" else [material.noun.en, material.answer, *material.aliases]
        )
        for name in names:
            yield words_of(name, language), Sense(Role.MATERIAL, material.id)
    for role, adjectives in ((Role.COLOUR, catalogue.colours), (Role.PATTERN, catalogue.patterns)):
        for adjective in adjectives:
            for name in _adjective(adjective, language):
                yield words_of(name, language), Sense(role, adjective.id)
                # "Blue" is true of a light blue, "gold" not of the alias "rose gold".
                if role is Role.COLOUR and (language == "fr" or name == adjective.en):
                    yield words_of(_head_of_colour(name, language), language), Sense(role, adjective.id)
    for wear in {one.id: one for each in departments for one in each.wear}.values():
        name, fixed = (
            (wear.noun.en if language == "en" else wear.noun.fr),
            wear.noun.plural | wear.noun.uncountable,
        )
        yield words_of(name, language), Sense(Role.WEAR, wear.id)
        if language not in fixed:
            yield words_of(plural_of(name, language), language), Sense(Role.WEAR, wear.id, plural=True)


def _kind(kind: Kind, language: Language) -> Iterator[tuple[str, Sense]]:
    sense = Sense(Role.KIND, kind.id)
    fixed = language in kind.noun.plural or kind.pair is not None
    own = kind.noun.en if language == "en" else kind.noun.fr
    others = (kind.answer, *kind.aliases) if language == "en" else ()
    true = [own, *(name for name in others if name == kind.answer or not _narrows(name, own))]
    for name in true:
        yield from _numbers(name, sense, language, fixed=fixed or (name != own and name.endswith("s")))
        for shorter in _shorter(name, language):
            # The car of a toy car is no car.
            again = Sense(Role.KIND) if name.split()[0] in _IMITATING else sense
            yield from _numbers(shorter, again, language, fixed=fixed)
    if kind.pair:
        pair = kind.pair.en if language == "en" else kind.pair.fr
        yield from ((name, sense) for name in (pair, *_shorter(pair, language)))
    for name in (*kind.trade_names, *others) if language == "en" else ():
        if name not in true:
            yield from _numbers(name, Sense(Role.KIND), language, fixed=False)


def _numbers(name: str, sense: Sense, language: Language, *, fixed: bool) -> Iterator[tuple[str, Sense]]:
    yield name, sense
    yield plural_of(name, language), Sense(sense.role, sense.value, plural=not fixed)


def _narrows(alias: str, own: str) -> bool:
    """Whether an alias may say more than the kind's own name, as "silk tie" does of a tie."""
    joined = re.compile(r"[\s-]")
    return " " in alias and joined.sub("", alias) != joined.sub("", own)


def _shorter(name: str, language: Language) -> Iterator[str]:
    """Names that refer to the thing again: "console" and "handheld console" of a handheld game console."""
    if language == "fr":
        words = name.split()
        if len(words) > 1:
            yield words[0]
        # « Harnais orange pour chien ».
        if "pour" in words:
            yield " ".join(words[words.index("pour") :])
        return
    head = name
    for link in _LINKS:
        head = head.partition(link)[0]
    *before, last = head.split()
    if head != name:
        yield head
    for length in range(len(before)):
        for chosen in combinations(before, length):
            yield " ".join((*chosen, last))


def _adjective(adjective: Adjective, language: Language) -> Iterator[str]:
    if language == "fr":
        names = {adjective.fr_m, adjective.fr_f, adjective.fr_m_plural, adjective.fr_f_plural}
    else:
        names = {adjective.en, adjective.answer, *adjective.aliases}
    yield from names
    for name in names:
        yield from (name.removeprefix(link) for link in _WITH if name.startswith(link))


def _head_of_colour(name: str, language: Language) -> str:
    return name.split()[0] if language == "fr" else name.split()[-1]
