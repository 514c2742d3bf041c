"""Turns a row of a file into a kind, a material, an adjective or a kind of wear."""

from typing import cast

from catalogue.model import Adjective, Category, Gender, Kind, Language, Material, Noun, Plural, Wear
from catalogue.tables import Row

KIND = (
    "id", "answer", "aliases", "trade_names", "broader", "name_en", "name_fr", "gender_fr", "plural",
    "aspirated_h", "pair_en", "pair_fr", "google",
)  # fmt: skip
MATERIAL = ("id", "answer", "aliases", "name_en", "name_fr", "gender_fr")
ADJECTIVE = ("id", "answer", "aliases", "name_en", "fr_m", "fr_f", "fr_m_plural", "fr_f_plural")
WEAR = ("id", "question", "name_en", "name_fr", "gender_fr", "plural", "uncountable")
_LANGUAGES = ("", "en", "fr", "en|fr")
_BOTH: frozenset[Language] = frozenset({"en", "fr"})


def read_kind(row: Row, department: str, taxonomy: dict[str, Category]) -> Kind:
    """Return the kind of a row of departments/; its category is looked up by number."""
    category = taxonomy.get(row.cells["google"])
    if category is None:
        row.refuse("google", "add this number and its path to taxonomy.csv")
    pair_en, pair_fr = row.optional_name("pair_en"), row.optional_name("pair_fr")
    if (pair_en is None) != (pair_fr is None):
        row.refuse("pair_fr", "write both pair_en and pair_fr, or neither")
    aspirated = bool(row.choice("aspirated_h", ("", "yes")))
    if aspirated and not row.cells["name_fr"].lower().startswith("h"):
        row.refuse("aspirated_h", "leave it empty: name_fr does not begin with h")
    return Kind(
        id=row.id(),
        department=department,
        answer=row.answer(),
        aliases=row.answers("aliases"),
        trade_names=row.answers("trade_names"),
        broader=row.cells["broader"] or None,
        noun=_noun(row, _languages(row, "plural"), aspirated_h=aspirated),
        pair=Plural(pair_en, pair_fr) if pair_en and pair_fr else None,
        category=category or Category(0, ""),
    )


def read_material(row: Row) -> Material:
    """Return the material of a row of words/materials.csv."""
    return Material(row.id(), row.answer(), row.answers("aliases"), _noun(row, uncountable=_BOTH))


def read_adjective(row: Row) -> Adjective:
    """Return the colour or pattern of a row of words/colours.csv or words/patterns.csv."""
    names = [row.name(field) for field in ADJECTIVE[3:]]
    return Adjective(row.id(), row.answer(), row.answers("aliases"), *names)


def read_wear(row: Row) -> Wear:
    """Return the wear of a row of words/wear.csv."""
    noun = _noun(row, _languages(row, "plural"), _languages(row, "uncountable"))
    return Wear(row.id(), row.question("question"), noun)


def _noun(
    row: Row,
    plural: frozenset[Language] = frozenset(),
    uncountable: frozenset[Language] = frozenset(),
    *,
    aspirated_h: bool = False,
) -> Noun:
    gender = cast("Gender", row.choice("gender_fr", ("m", "f")))
    return Noun(row.name("name_en"), row.name("name_fr"), gender, plural, uncountable, aspirated_h)


def _languages(row: Row, field: str) -> frozenset[Language]:
    return frozenset(cast("list[Language]", row.choice(field, _LANGUAGES).split("|"))) - {
        cast("Language", "")
    }
