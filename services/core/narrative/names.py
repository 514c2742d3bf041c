"""What goods and marks are called in a language."""

from collections.abc import Collection
from typing import Literal

from catalogue import Adjective, Noun
from services.core.domain.assessment import Assessment
from services.core.domain.report import UNKNOWN, Wear
from services.core.narrative.grammar import agree, agreed, described, spaced, text_of, with_article
from services.core.narrative.wording import Wording

_ASPECT = Noun("look", "aspect", "m")


class Names:
    """The names of one assessment's goods; not changed once made.

    An id that the catalogue lacks, as a report of an earlier one may have, is named by its own words.
    """

    def __init__(self, assessment: Assessment, words: Wording) -> None:
        self._words, self._language = words, words.language
        self._product, self._goods = assessment.product, assessment.goods
        self._wear = {wear.id: wear.noun for wear in assessment.goods.asked}
        self.item = self._item()

    @property
    def material(self) -> str | None:
        """The material's name; None: unknown."""
        if self._goods.material:
            return text_of(self._goods.material.noun, self._language)
        return None if self._product.material == UNKNOWN else spaced(self._product.material)

    @property
    def colour(self) -> str | None:
        """The colour as it goes with the item; None: unknown, or not asked."""
        return self._agreed(self._goods.colour, self._product.colour)

    @property
    def pattern(self) -> str | None:
        """The pattern as it goes with the item; None: unknown, or not asked."""
        return self._agreed(self._goods.pattern, self._product.pattern)

    def by_itself(self, name: Literal["colour", "pattern"]) -> str | None:
        """The colour or pattern beside no name: in the form that goes with « aspect »."""
        adjective = self._goods.colour if name == "colour" else self._goods.pattern
        if adjective is not None:
            return agreed(adjective, _ASPECT, self._language)
        return self.colour if name == "colour" else self.pattern

    def thing(self, stating: Collection[str] = ("material", "colour", "pattern")) -> str:
        """The item with those of its material, colour and pattern that are known and to be stated."""
        material = self.material
        if material and self._language == "en":
            material = self._words.attributive.get(self._product.material, material)
        return described(
            self.item,
            self._language,
            material if "material" in stating else None,
            self.colour if "colour" in stating else None,
            self.pattern if "pattern" in stating else None,
        )

    def wear(self, tag: str) -> Noun:
        """The noun of a kind of wear."""
        return self._wear.get(tag) or _noun(tag)

    def _item(self) -> Noun:
        if self._goods.kind:
            return self._goods.kind.noun
        unknown = self._product.type == UNKNOWN
        return Noun(self._words.item, self._words.item, "m") if unknown else _noun(self._product.type)

    def _agreed(self, adjective: Adjective | None, id_: str | None) -> str | None:
        if adjective is None:
            return None if id_ is None or id_ == UNKNOWN else spaced(id_)
        return agreed(adjective, self.item, self._language)


def stated_mark(wear: Wear, names: Names, words: Wording, *, detailed: bool = True) -> str:
    """The mark with its article and, where `detailed`, with what is known of its severity and place."""
    noun = names.wear(wear.tag)
    if not detailed:
        return with_article(noun, words.language)
    phrase, after = _with_severity(wear, noun, words)
    known = _seen_where(wear, words)
    return f"{with_article(noun, words.language, phrase)}{after}{f' ({known})' if known else ''}"


def _with_severity(wear: Wear, noun: Noun, words: Wording) -> tuple[str | None, str]:
    """The mark's name with its severity, None: its name alone; and what follows the name."""
    if wear.severity is None:
        return None, ""
    severity = agree(words.severities[wear.severity], noun, words.language)
    if words.language == "en":
        return f"{severity} {noun.en}", ""
    # After "usure de la semelle", an adjective could belong to the sole.
    return (None, f", {severity}") if " " in noun.fr else (f"{noun.fr} {severity}", "")


def _seen_where(wear: Wear, words: Wording) -> str:
    """The photo that shows the mark, and its part: "photo 2, top left"."""
    if wear.photo is None:
        return ""
    photo = words.prompt.photo.format(photo=wear.photo)
    return f"{photo}, {words.places[wear.place]}" if wear.place else photo


def _noun(id_: str) -> Noun:
    return Noun(spaced(id_), spaced(id_), "m")
