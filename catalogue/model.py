"""The types of the catalogue: what a kind of goods is called, and what is asked about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from catalogue.tables import CatalogueError, known

Language = Literal["en", "fr"]
Gender = Literal["m", "f"]
USUAL_DEDUCTION = 2


@dataclass(frozen=True, slots=True)
class Noun:
    """A name in English and French, as a text prints it inside a sentence.

    `plural` holds the languages in which the name is plural ("scissors", "ciseaux"), `uncountable` those in
    which it takes no "a" or "un" ("rust", "rouille"). `aspirated_h` forbids elision in French: "le hamac".
    """

    en: str
    fr: str
    gender: Gender
    plural: frozenset[Language] = frozenset()
    uncountable: frozenset[Language] = frozenset()
    aspirated_h: bool = False


@dataclass(frozen=True, slots=True)
class Plural:
    """The plural of a noun in English and French."""

    en: str
    fr: str


@dataclass(frozen=True, slots=True)
class Category:
    """A category of Google's product taxonomy: its number and its English path ("Furniture > Benches")."""

    number: int
    path: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of goods.

    `answer` and `aliases` are what a person says when asked what it is; `trade_names` too, but they claim a
    maker, so that no text may print them. `broader` is the id of a more general kind of the same department,
    whose names are true of every article of this kind. `pair` is the plural if sold in pairs, else None.
    """

    id: str
    department: str
    answer: str
    aliases: tuple[str, ...]
    trade_names: tuple[str, ...]
    broader: str | None
    noun: Noun
    pair: Plural | None
    category: Category

    @property
    def names(self) -> tuple[str, ...]:
        """Every answer that means this kind; their probabilities are added."""
        return (self.answer, *self.aliases, *self.trade_names)


@dataclass(frozen=True, slots=True)
class Material:
    """A material, and what a person says when asked what the article is made of."""

    id: str
    answer: str
    aliases: tuple[str, ...]
    noun: Noun


@dataclass(frozen=True, slots=True)
class Adjective:
    """A colour or a pattern. The French forms go with "un sac", "une robe", "des sacs" and "des robes"."""

    id: str
    answer: str
    aliases: tuple[str, ...]
    en: str
    fr_m: str
    fr_f: str
    fr_m_plural: str
    fr_f_plural: str


@dataclass(frozen=True, slots=True)
class Wear:
    """A kind of wear, and the question about it that the model answers by yes or no."""

    id: str
    question: str
    noun: Noun


@dataclass(frozen=True, slots=True)
class Questions:
    """What the model is asked of every kind of goods; each `Wear` has a question of its own.

    An empty text is not asked. Colours that the model is not asked about are measured from pixels alone.
    """

    type: str
    material: str
    colour: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Department:
    """A department: its kinds in the order of its file, and the materials and wear that are asked about.

    `deductions` are the points that some kinds of wear take from a score of ten; `points` has them all.
    """

    id: str
    name_en: str
    name_fr: str
    kinds: tuple[Kind, ...]
    materials: tuple[Material, ...]
    wear: tuple[Wear, ...]
    deductions: Mapping[str, int]

    def points(self, tag: str) -> int:
        """Return the points that a kind of wear takes from a score of ten."""
        return self.deductions.get(tag, USUAL_DEDUCTION)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All departments, or those selected. `version` names the content of the whole catalogue, always."""

    version: str
    departments: Mapping[str, Department]
    kinds: Mapping[str, Kind]
    colours: tuple[Adjective, ...]
    patterns: tuple[Adjective, ...]
    questions: Questions

    @property
    def asked_colours(self) -> tuple[Adjective, ...]:
        """The colours that the model is asked about: all, or none."""
        return self.colours if self.questions.colour else ()

    def select(self, departments: Iterable[str]) -> "Catalogue":
        """Return the catalogue of these departments, by id. Raises CatalogueError for an unknown one."""
        wanted = list(dict.fromkeys(departments))
        if not wanted:
            raise CatalogueError(f"departments: name at least one of {', '.join(self.departments)}")
        if unknown := [name for name in wanted if name not in self.departments]:
            raise CatalogueError(
                "\n".join(f"departments: {n!r} {known(n, self.departments)}" for n in unknown)
            )
        chosen = {name: self.departments[name] for name in self.departments if name in wanted}
        return replace(self, departments=MappingProxyType(chosen), kinds=by_id(chosen.values()))


def by_id(departments: Iterable[Department]) -> Mapping[str, Kind]:
    """Return the kinds of the departments by their ids."""
    return MappingProxyType({kind.id: kind for department in departments for kind in department.kinds})
