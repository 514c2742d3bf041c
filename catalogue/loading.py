"""Loads the catalogue from its files, or says everything that is wrong with them."""

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from catalogue.checks import check_broader, check_unique
from catalogue.entries import (
    ADJECTIVE,
    KIND,
    MATERIAL,
    WEAR,
    read_adjective,
    read_kind,
    read_material,
    read_wear,
)
from catalogue.model import Catalogue, Category, Department, Questions, by_id
from catalogue.tables import CatalogueError, Row, known, read_table, read_text

SECOND_HAND = Path(__file__).with_name("second_hand")
DRAWN = Path(__file__).with_name("drawn")
"""The ten kinds of goods that the demo model knows."""
PHOTO = Path(__file__).with_name("photo")
"""The kinds that the demo's model for photographs knows; it is asked for neither material nor wear."""
GOODS = {"drawn": DRAWN, "photo": PHOTO, "second_hand": SECOND_HAND}
"""The folders of the committed catalogues, by the names that settings and commands give them."""
# The first problems of a missing file or column tell enough.
_LISTED = 40
_DEPARTMENT = ("name_en", "name_fr", "materials", "wear")
_QUESTIONS = tuple(field.name for field in fields(Questions))


def load(folder: Path = SECOND_HAND) -> Catalogue:
    """Return the catalogue of a folder. Raises CatalogueError with the problems of all its files."""
    files = _Files(folder)
    taxonomy = files.taxonomy()
    # A model may not be asked about some of these: then their files have a first line only.
    materials = {
        row.id(): read_material(row) for row in files.table("words/materials.csv", MATERIAL, least=0)
    }
    wear = {row.id(): read_wear(row) for row in files.table("words/wear.csv", WEAR, least=0)}
    colours = [read_adjective(row) for row in files.table("words/colours.csv", ADJECTIVE, least=0)]
    patterns = [read_adjective(row) for row in files.table("words/patterns.csv", ADJECTIVE, least=0)]
    questions = files.questions()
    departments: dict[str, Department] = {}
    rows: list[Row] = []
    for name, section in files.departments().items():
        own = files.table(f"departments/{name}.csv", KIND)
        rows += own
        departments[name] = Department(
            id=name,
            name_en=str(section["name_en"]),
            name_fr=str(section["name_fr"]),
            kinds=tuple(read_kind(row, name, taxonomy) for row in own),
            materials=tuple(materials[i] for i in files.references(name, "materials", section, materials)),
            wear=tuple(wear[i] for i in files.references(name, "wear", section, wear)),
            deductions=MappingProxyType(files.deductions(name, section)),
        )
        check_broader(own)
    check_unique(rows)
    check_unique(files.rows["taxonomy.csv"])
    for table in ("materials", "wear", "colours", "patterns"):
        check_unique(files.rows[f"words/{table}.csv"])
    if unused := taxonomy.keys() - {row.cells["google"] for row in rows}:
        files.problems.append(
            f"taxonomy.csv: no kind has the numbers {', '.join(sorted(unused))}: remove their lines"
        )
    if problems := list(dict.fromkeys(files.problems)):
        more = [f"and {len(problems) - _LISTED} problems more"] if len(problems) > _LISTED else []
        raise CatalogueError("\n".join(problems[:_LISTED] + more))
    whole = MappingProxyType(departments)
    return Catalogue(
        files.version(), whole, by_id(whole.values()), tuple(colours), tuple(patterns), questions
    )


class _Files:
    """The files of a catalogue's folder, the rows read from them, and the problems found on the way."""

    def __init__(self, folder: Path) -> None:
        self.problems: list[str] = []
        self.rows: dict[str, list[Row]] = {}
        self._folder = folder
        self._digest = hashlib.sha256()

    def text(self, file: str) -> str:
        text = read_text(self._folder / file, file, self.problems)
        self._digest.update(f"{file}\n{len(text)}\n{text}".encode())
        return text

    def version(self) -> str:
        return self._digest.hexdigest()[:16]

    def table(self, file: str, columns: Sequence[str], least: int = 1) -> list[Row]:
        self.rows[file] = read_table(self.text(file), file, columns, self.problems, least)
        return self.rows[file]

    def taxonomy(self) -> dict[str, Category]:
        rows = self.table("taxonomy.csv", ("number", "path"))
        for row in rows:
            if not row.cells["number"].isdecimal():
                row.refuse("number", "write the number of a category of Google's product taxonomy")
            if not row.cells["path"]:
                row.refuse("path", "write the category's path: Furniture > Benches")
        pairs = [(row.cells["number"], row.cells["path"]) for row in rows if row.cells["number"].isdecimal()]
        return {number: Category(int(number), path) for number, path in pairs}

    def questions(self) -> Questions:
        """Return what is asked; note a file that lacks one of the questions or has another."""
        file = "words/questions.toml"
        try:
            found = tomllib.loads(self.text(file))
        except tomllib.TOMLDecodeError as error:
            self.problems.append(f"{file}: {error}: mend the TOML")
            found = {}
        texts = {name: found.get(name) for name in _QUESTIONS}
        right = found.keys() == texts.keys() and all(isinstance(text, str) for text in texts.values())
        if not right or not texts["type"]:
            self.problems.append(
                f"{file}: write a text for each of {', '.join(_QUESTIONS)}, and nothing else; one but type "
                "that is not asked is empty"
            )
        return Questions(**{name: str(text) for name, text in texts.items()})

    def deductions(self, department: str, section: dict[str, Any]) -> dict[str, int]:
        """Return the points that kinds of wear take from the score; note a tag or number that is wrong."""
        listed, where = section.get("deductions", {}), f"departments.toml: {department}.deductions"
        if not isinstance(listed, dict):
            self.problems.append(f"{where}: write a table of numbers by wear: {{ crack = 4 }}")
            return {}
        tags = section["wear"] if isinstance(section["wear"], list) else []
        for tag, points in listed.items():
            if tag not in tags:
                self.problems.append(f"{where}: {tag!r} {known(tag, tags)}")
            if type(points) is not int or not 1 <= points <= 9:
                self.problems.append(f"{where}.{tag} = {points!r}: write a whole number from 1 to 9")
        return {tag: points for tag, points in listed.items() if type(points) is int}

    def departments(self) -> dict[str, dict[str, Any]]:
        """Return the departments whose sections are complete, in the file's order."""
        try:
            sections = tomllib.loads(self.text("departments.toml"))
        except tomllib.TOMLDecodeError as error:
            self.problems.append(f"departments.toml: {error}: mend the TOML")
            return {}
        stray = {path.stem for path in (self._folder / "departments").glob("*.csv")} - sections.keys()
        self.problems += [
            f"departments/{s}.csv: add a section [{s}] to departments.toml" for s in sorted(stray)
        ]
        return {name: section for name, section in sections.items() if self._complete(name, section)}

    def _complete(self, name: str, section: Any) -> bool:
        keys = set(section) if isinstance(section, dict) else set()
        right = keys - {"deductions"} == set(_DEPARTMENT) and all(
            isinstance(section[key], str) and section[key] for key in _DEPARTMENT[:2]
        )
        if not right:
            remedy = f"write a section of {', '.join(_DEPARTMENT)}: two names and two lists"
            self.problems.append(f"departments.toml: {name}: {remedy}")
        return right

    def references(
        self, department: str, key: str, section: dict[str, Any], allowed: dict[str, Any]
    ) -> list[str]:
        """Return the ids of a department's list that the words have; note the others, and repeated ones."""
        listed, where = section[key], f"departments.toml: {department}.{key}"
        if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
            self.problems.append(f"{where}: write a list of ids of words/{key}.csv")
            return []
        self.problems += [
            f"{where}: {item!r} {known(item, allowed)}" for item in listed if item not in allowed
        ]
        if len(set(listed)) < len(listed):
            self.problems.append(f"{where}: write each id only once")
        return [item for item in listed if item in allowed]
