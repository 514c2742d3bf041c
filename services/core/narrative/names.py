"""What goods and marks are called in a language, and with which words a text may state them."""

from collections.abc import Iterable

from catalogue import Adjective, Kind, Noun
from catalogue.model import Language
from services.core.domain.assessment import Assessment
from services.core.domain.report import UNKNOWN, Wear
from services.core.narrative.grammar import agree, agreed, described, plural_of, text_of, with_article
from services.core.narrative.negation import tokens
from services.core.narrative.wording import Wording


class Names:
    """The names of one assessment's goods; not changed once made.

    A name that is to be found in a text is its tokens, joined by spaces. An id that the catalogue lacks, as a
    report of an earlier one may have, is named by its own words.
    """

    def __init__(self, assessment: Assessment, words: Wording) -> None:
        self._words, self._language = words, words.language
        self._product, self._goods = assessment.product, assessment.goods
        self._wear = {wear.id: wear.noun for wear in assessment.goods.asked}
        self.item = self._item()

    @property
    def asked(self) -> Iterable[str]:
        """The ids of the wear that was looked for."""
        return self._wear.keys()

    @property
    def material(self) -> str | None:
        """The material's name; None: unknown."""
        if self._goods.material:
            return text_of(self._goods.material.noun, self._language)
        return None if self._product.material == UNKNOWN else _spaced(self._product.material)

    @property
    def colour(self) -> str | None:
        """The colour as it goes with the item; None: unknown, or not asked."""
        return self._agreed(self._goods.colour)

    @property
    def pattern(self) -> str | None:
        """The pattern as it goes with the item; None: unknown, or not asked."""
        return self._agreed(self._goods.pattern)

    def thing(self, *, pattern: bool = True) -> str:
        """The item with its material, colour and pattern, as far as they are known."""
        material = self.material
        if material and self._language == "en":
            material = self._words.attributive.get(self._product.material, material)
        return described(self.item, self._language, material, self.colour, self.pattern if pattern else None)

    def wear(self, tag: str) -> Noun:
        """The noun of a kind of wear."""
        return self._wear.get(tag) or _noun(tag)

    def kind_forms(self) -> frozenset[str]:
        """The words for the kind; none of an unknown one. Another number would claim several things."""
        if self._goods.kind is not None:
            return _forms(self._of_kind(self._goods.kind))
        return _forms([] if self._product.type == UNKNOWN else [_spaced(self._product.type)])

    def kind_references(self) -> frozenset[str]:
        """The last word of the kind's name, which refers to it again: "the lamp" of a floor lamp."""
        return _forms(_head(name, self._language) for name in self.kind_forms())

    def looser_kind_forms(self) -> frozenset[str]:
        """The words for the kind in the plural, and for its narrower kinds in any number."""
        kinds = [*filter(None, [self._goods.kind]), *self._goods.narrower]
        names = [name for kind in kinds for name in self._of_kind(kind)]
        return _forms([*names, *(plural_of(name, self._language) for name in names)])

    def material_forms(self) -> frozenset[str]:
        """The words for the material, with adjectives such as "wooden"; none of an unknown one."""
        material = self._goods.material
        id_, words = self._product.material, self._words
        names = [*words.adjectives.get(id_, ()), *filter(None, [self.material, words.attributive.get(id_)])]
        if material and self._language == "en":
            names += [material.answer, *material.aliases]
        return _forms(names)

    def colour_forms(self) -> frozenset[str]:
        """The words for the colour, also without its shade, "blue" of a light blue; none if unknown."""
        names = self._adjective(self._goods.colour)
        heads = (_head(name, self._language) for name in names)
        return _forms([*names, *heads])

    def pattern_forms(self) -> frozenset[str]:
        """The words for the pattern; none of an unknown one."""
        names = self._adjective(self._goods.pattern)
        return _forms([*names, *(name.removeprefix(article) for name in names for article in _WITH)])

    def wear_forms(self, tag: str) -> frozenset[str]:
        """The nouns of a kind of wear, which may also be denied."""
        noun = self.wear(tag)
        text, fixed = text_of(noun, self._language), noun.plural | noun.uncountable
        return _forms([text] if self._language in fixed else [text, plural_of(text, self._language)])

    def participles(self, tag: str) -> frozenset[str]:
        """The adjectives that state a kind of wear: "chipped"."""
        return _forms(self._words.participles.get(tag, ()))

    def _item(self) -> Noun:
        if self._goods.kind:
            return self._goods.kind.noun
        unknown = self._product.type == UNKNOWN
        return Noun(self._words.item, self._words.item, "m") if unknown else _noun(self._product.type)

    def _agreed(self, adjective: Adjective | None) -> str | None:
        return agreed(adjective, self.item, self._language) if adjective else None

    def _adjective(self, adjective: Adjective | None) -> list[str]:
        if adjective is None:
            return []
        if self._language == "fr":
            return [adjective.fr_m, adjective.fr_f, adjective.fr_m_plural, adjective.fr_f_plural]
        return [adjective.en, adjective.answer, *adjective.aliases]

    def _of_kind(self, kind: Kind) -> list[str]:
        if self._language == "fr":
            return [kind.noun.fr, *([kind.pair.fr] if kind.pair else [])]
        # An answer of several words may claim what is not true of each article of the kind: "silk tie".
        answers = [answer for answer in (kind.answer, *kind.aliases) if " " not in answer]
        return [kind.noun.en, *answers, *([kind.pair.en] if kind.pair else [])]


def stated_mark(wear: Wear, names: Names, words: Wording, *, detailed: bool = True) -> str:
    """The mark with its article and, where `detailed`, with what is known of its severity and place."""
    noun = names.wear(wear.tag)
    if not detailed:
        return with_article(noun, words.language)
    severe = severity_phrase(wear, names, words)
    known = detail(wear, names, words)
    return f"{with_article(noun, words.language, severe)}{f' ({known})' if known else ''}"


def severity_phrase(wear: Wear, names: Names, words: Wording) -> str | None:
    """The mark's name after its severity, "minor scratch"; None if it is unknown, or follows as a detail."""
    if wear.severity is None or words.language == "fr":
        return None
    return f"{words.severities[wear.severity][0]} {names.wear(wear.tag).en}"


def detail(wear: Wear, names: Names, words: Wording) -> str:
    """What follows the mark in brackets: the photo and its part, « légère, photo 2, en haut à gauche »."""
    parts: list[str] = []
    # After "usure de la semelle", an adjective could belong to the sole.
    if wear.severity and words.language == "fr":
        parts.append(agree(words.severities[wear.severity], names.wear(wear.tag), words.language))
    if wear.photo and wear.place:
        parts.append(f"photo {wear.photo}, {words.places[wear.place]}")
    return ", ".join(parts)


_WITH = ("with a ", "with an ", "with ")


def _forms(names: Iterable[str]) -> frozenset[str]:
    return frozenset(" ".join(tokens(name)) for name in names)


def _head(name: str, language: Language) -> str:
    """The word that says what it is: the last one in English, the first one in French."""
    if language == "fr":
        return name.split()[0]
    return name.partition(" of ")[0].split()[-1]


def _spaced(id_: str) -> str:
    return id_.replace("_", " ")


def _noun(id_: str) -> Noun:
    return Noun(_spaced(id_), _spaced(id_), "m")
