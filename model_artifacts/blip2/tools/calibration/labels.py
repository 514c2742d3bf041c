"""Reads labelled photos from a CSV file, or says everything that is wrong with it."""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from catalogue.tables import Row, known, read_table, read_text

from ..errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from catalogue import Catalogue

COLUMNS = ("photo", "type", "material", "colour", "pattern", "wear")
SPLIT = "split"
OTHER = "other"
"""The type of a thing that is in no catalogue."""
NO_WEAR = "none"
MOST_PHOTOS = 8
"""The photos of one request to the endpoint."""
_LISTED = 40

Split = Literal["", "fit", "test"]


class LabelError(ArtifactError):
    """The labels are wrong; the message has a line per problem: file, line, field and remedy."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """The photos of one product and what a person says of it; None is what the person does not know."""

    line: int
    photos: tuple[Path, ...]
    type: str | None
    """The id of a kind, or `OTHER`."""
    material: str | None
    colour: str | None
    pattern: str | None
    wear: frozenset[str] | None
    """The tags that are there; the department's other tags are not."""
    split: Split = ""

    @property
    def is_in_catalogue(self) -> bool:
        """Whether the product is of a kind of the catalogue."""
        return self.type not in (None, OTHER)


def read_labels(file: Path, catalogue: Catalogue) -> list[Labelled]:
    """The labelled products of a CSV file. Raises LabelError with the problems of all lines."""
    problems: list[str] = []
    text = read_text(file, str(file), problems)
    first = next(csv.reader(text.splitlines()[:1]), [])
    columns = (*COLUMNS, SPLIT) if first == [*COLUMNS, SPLIT] else COLUMNS
    rows = read_table(text, str(file), columns, problems) if text or not problems else []
    reader = _Reader(file.parent, catalogue)
    found = [(row, reader.read(row)) for row in rows]
    _check_photos(found)
    if problems:
        more = [f"and {len(problems) - _LISTED} problems more"] if len(problems) > _LISTED else []
        raise LabelError("\n".join([*problems[:_LISTED], *more]))
    return [labelled for _, labelled in found]


class _Reader:
    """Reads rows; the ids of a catalogue are looked up once."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self._folder = folder
        self._catalogue = catalogue
        departments = catalogue.departments.values()
        self._kinds = {**catalogue.kinds, OTHER: None}
        self._colours = {one.id for one in catalogue.colours}
        self._patterns = {one.id for one in catalogue.patterns}
        # By department; "" is any.
        self._materials = {one.id: {material.id for material in one.materials} for one in departments}
        self._wear = {one.id: {wear.id for wear in one.wear} for one in departments}
        for listed in (self._materials, self._wear):
            listed[""] = set().union(*listed.values())

    def read(self, row: Row) -> Labelled:
        kind = _one_of(row, "type", self._kinds)
        known_kind = self._catalogue.kinds.get(kind or "")
        department = known_kind.department if known_kind else ""
        labelled = Labelled(
            line=row.line,
            photos=self._photos(row),
            type=kind,
            material=_one_of(row, "material", self._materials[department], department),
            colour=_one_of(row, "colour", self._colours),
            pattern=_one_of(row, "pattern", self._patterns),
            wear=_wear(row, self._wear[department], department),
            split=_split(row),
        )
        if not any(row.cells[field] for field in COLUMNS[1:]):
            row.refuse("type", "label something of this photo, or remove the line")
        return labelled

    def _photos(self, row: Row) -> tuple[Path, ...]:
        names = row.cells["photo"].split("|")
        if not all(names) or len(names) > MOST_PHOTOS:
            row.refuse("photo", f"write 1 to {MOST_PHOTOS} paths, separated by |")
            return ()
        paths = tuple(self._folder / name for name in names)
        for name, path in zip(names, paths, strict=True):
            if not path.is_file():
                row.refuse("photo", f"there is no file {name} in {self._folder}: add it, or remove the line")
        return paths


def _one_of(row: Row, field: str, allowed: Collection[str], department: str = "") -> str | None:
    value = row.cells[field]
    if not value:
        return None
    if not allowed:
        row.refuse(field, "the catalogue has no answers to this question: leave it empty")
    elif value not in allowed:
        row.refuse(field, known(value, sorted(allowed)) + _of(department))
    return value


def _of(department: str) -> str:
    return f" (of the department {department})" if department else ""


def _wear(row: Row, allowed: Collection[str], department: str) -> frozenset[str] | None:
    cell = row.cells["wear"]
    if cell in ("", NO_WEAR):
        return frozenset() if cell else None
    tags = cell.split("|")
    for tag in tags:
        if tag == NO_WEAR:
            row.refuse("wear", f"write {NO_WEAR} alone, or the tags without it")
        elif tag not in allowed:
            row.refuse("wear", f"{tag!r} {known(tag, sorted(allowed))}{_of(department)}")
    if len(set(tags)) < len(tags):
        row.refuse("wear", "write each tag only once")
    return frozenset(tags)


def _split(row: Row) -> Split:
    value = row.cells.get(SPLIT, "")
    if value == "fit":
        return "fit"
    if value == "test":
        return "test"
    if value:
        row.refuse(SPLIT, "allowed: fit, test, or nothing")
    return ""


def _check_photos(found: Sequence[tuple[Row, Labelled]]) -> None:
    """Note each photo that two lines have, under the same name or with the same bytes."""
    of_size: dict[int, list[tuple[Row, Path]]] = defaultdict(list)
    seen: dict[Path, Row] = {}
    for row, labelled in found:
        for path in labelled.photos:
            if path in seen:
                row.refuse("photo", f"{path.name} is also at line {seen[path].line}: remove it from one")
            elif path.is_file():
                of_size[path.stat().st_size].append((row, path))
            seen.setdefault(path, row)
    for group in of_size.values():
        first: dict[bytes, tuple[Row, Path]] = {}
        for row, path in group if len(group) > 1 else ():
            other, twin = first.setdefault(_digest(path), (row, path))
            if twin != path:
                row.refuse("photo", f"{path.name} is the same photo as {twin.name} at line {other.line}")


def _digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
