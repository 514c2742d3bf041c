"""`replay`: puts photos through two archives and shows, report by report, what the new one would change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from services.core.assess import Assessment, assess
from services.core.errors import VitrineError
from services.core.model import Sight, VisionModel
from services.core.photo import prepare

from .errors import ArtifactError
from .unpacked import serving

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence


class ReplayError(ArtifactError):
    """A photo cannot be put through the archives; the message names it."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--old", type=Path, required=True, metavar="ARCHIVE", help="what is served now")
    parser.add_argument("--new", type=Path, required=True, metavar="ARCHIVE", help="what would be served")
    parser.add_argument(
        "photos", type=Path, nargs="+", metavar="PHOTO", help="a photo, or a folder of nothing but photos"
    )


def run(given: argparse.Namespace) -> list[str]:
    """A line for each photo, each taken as a report of its own, and one for all of them."""
    files = list(_files(given.photos))
    photos = [_photo(file) for file in files]
    old, new = _look(given.old, photos), _look(given.new, photos)
    changes = [differences(*pair) for pair in zip(old, new, strict=True)]
    lines = [f"{file}: {'; '.join(found) or 'no change'}" for file, found in zip(files, changes, strict=True)]
    changed = sum(1 for found in changes if found)
    versions = f"{old[0].artifact} → {new[0].artifact}"
    return [*lines, f"{changed} of {len(files)} reports would change: {versions}"]


def differences(old: Sight, new: Sight) -> list[str]:
    """What a report on the new sight would say otherwise, in words; confidences alone are no change."""
    before, after = assess(old), assess(new)
    found = []
    for number, name in enumerate(("type", "material")):
        one, two = before.evidence[number], after.evidence[number]
        if one.answer != two.answer:
            found.append(f"{name} {one.answer} ({one.confidence:.2f}) → {two.answer} ({two.confidence:.2f})")
    was, now = _wear(before), _wear(after)
    tags = [f"+{tag} ({now[tag]:.2f})" for tag in now if tag not in was]
    tags += [f"-{tag} ({was[tag]:.2f})" for tag in was if tag not in now]
    if tags:
        found.append(f"wear {', '.join(tags)}")
    if before.condition.score != after.condition.score:
        found.append(f"score {before.condition.score} → {after.condition.score}")
    return found


def _wear(assessment: Assessment) -> dict[str, float]:
    return {mark.tag: mark.confidence for mark in assessment.condition.wear}


def _files(given: Sequence[Path]) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.is_file() and file.name[0] != ".")
            if not inside:
                raise ReplayError(f"{path}: holds no photo")
            yield from inside
        else:
            yield path


def _photo(file: Path) -> bytes:
    try:
        return prepare(file.read_bytes(), str(file)).seen
    except VitrineError as error:
        raise ReplayError(str(error)) from error


def _look(archive: Path, photos: Sequence[bytes]) -> list[Sight]:
    seen = []
    with serving(archive) as runtime:
        model = VisionModel(cast("Any", runtime), str(archive))
        for number, photo in enumerate(photos, 1):
            sys.stderr.write(f"{archive}: photo {number} of {len(photos)}\n")
            try:
                seen.append(model.look([photo]))
            except VitrineError as error:
                raise ReplayError(str(error)) from error
    return seen
