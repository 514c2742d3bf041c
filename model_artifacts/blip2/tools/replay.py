"""`replay`: runs photos through two archives and lists, for each report, what the new one would change."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from services.core.domain.assessment import Assessment, assess
from services.core.domain.errors import VitrineError
from services.core.photos.photo import prepare
from services.core.vision.endpoint import RealtimeVisionEndpoint

from . import catalogue_file
from .archive import catalogue_of, remove_foreign_packages, unpacked
from .errors import ArtifactError
from .serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.core.domain.observation import Observation
    from services.core.domain.report import Evidence


_S3 = "s3://"


@dataclass(frozen=True)
class PhotoSet:
    """The photos of one report: JPEGs as the service sends them to the model."""

    name: str
    photos: tuple[bytes, ...]


def compare(
    old: Path, new: Path, places: Sequence[str], most_stored: int = 50, catalogue: str | None = None
) -> list[str]:
    """A line for each report of the photos at `places`, and one line for all of them.

    `catalogue` is a catalogue's folder, if the archives are of none that is committed. Raises ArtifactError
    for a photo that cannot be read or an answer of no use, and ArchiveError.
    """
    photos = photo_sets(places, most_stored)
    before, after = observe(old, photos, catalogue), observe(new, photos, catalogue)
    judged = [[_assessed(seen, catalogue) for seen in of_archive] for of_archive in (before, after)]
    changes = [differences(*pair) for pair in zip(*judged, strict=True)]
    lines = [
        f"{one.name}: {'; '.join(found) or 'no change'}" for one, found in zip(photos, changes, strict=True)
    ]
    changed = sum(1 for found in changes if found)
    versions = f"{before[0].artifact} → {after[0].artifact}"
    return [*lines, f"{changed} of {len(photos)} reports would change: {versions}"]


def observe(archive: Path, photos: Sequence[PhotoSet], catalogue: str | None = None) -> list[Observation]:
    """The archive's observation of each photo set, asked by its own catalogue and served on this machine.

    Raises ArchiveError, and ArtifactError for an answer that the service could not use.
    """
    observations = []
    with ExitStack() as stack:
        inside = stack.enter_context(unpacked(archive))
        goods = catalogue_of(inside, catalogue)
        remove_foreign_packages(inside.code)  # this environment's own replace them
        runtime = stack.enter_context(serving(inside, Path(sys.executable)))
        endpoint = RealtimeVisionEndpoint(cast("Any", runtime), str(archive), goods)
        for number, one in enumerate(photos, 1):
            sys.stderr.write(f"{archive}: report {number} of {len(photos)}\n")
            try:
                observations.append(endpoint.observe(one.photos))
            except VitrineError as error:
                raise ArtifactError(f"{one.name}: {archive}: {error}") from error
    return observations


def _assessed(seen: Observation, catalogue: str | None) -> Assessment:
    goods = catalogue_file.of_version(seen.catalogue, catalogue)
    if goods is None:
        raise ArtifactError(
            f"CatalogueMismatch: an answer is of the catalogue {seen.catalogue}, not known here"
        )
    return assess(seen, None, goods)


def differences(before: Assessment, after: Assessment) -> list[str]:
    """What would differ in the report, in words; a confidence alone is no difference."""
    found = []
    old, new = _answers(before), _answers(after)
    for name in old | new:
        one, two = old.get(name), new.get(name)
        if _shown(one) != _shown(two):
            found.append(f"{name} {_worded(one)} → {_worded(two)}")
    was, now = _wear(before), _wear(after)
    tags = [f"+{tag} ({now[tag]:.2f})" for tag in now if tag not in was]
    tags += [f"-{tag} ({was[tag]:.2f})" for tag in was if tag not in now]
    if tags:
        found.append(f"wear {', '.join(tags)}")
    scores = [_score(one) for one in (before, after)]
    if scores[0] != scores[1]:
        found.append(f"score {' → '.join(scores)}")
    return found


def _answers(assessment: Assessment) -> dict[str, Evidence]:
    product = assessment.product
    asked = {"type": product.type, "material": product.material, "colour": product.colour}
    asked["pattern"] = product.pattern
    names = [name for name, answer in asked.items() if answer is not None]
    return dict(zip(names, assessment.evidence, strict=False))


def _shown(answer: Evidence | None) -> object:
    return answer and (answer.answer, answer.used)


def _worded(answer: Evidence | None) -> str:
    return "not asked" if answer is None else f"{answer.answer} ({answer.confidence:.2f})"


def _score(assessment: Assessment) -> str:
    return "none" if assessment.condition.score is None else str(assessment.condition.score)


def _wear(assessment: Assessment) -> dict[str, float]:
    return {mark.tag: mark.confidence for mark in assessment.condition.wear}


def photo_sets(places: Sequence[str], most_stored: int) -> list[PhotoSet]:
    """The photos at `places`: files, folders, or s3://bucket/prefix, of which `most_stored` reports at most.

    Raises ArtifactError for a photo that cannot be read.
    """
    found: list[PhotoSet] = []
    for place in places:
        if place.startswith(_S3):
            found += _stored(place, most_stored)
        else:
            found += [
                PhotoSet(str(file), (_model_jpeg(file.read_bytes(), str(file)),))
                for file in _files(Path(place))
            ]
    return found


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    inside = sorted(file for file in path.iterdir() if file.is_file() and file.name[0] != ".")
    if not inside:
        raise ArtifactError(f"{path}: holds no photo")
    return inside


def _stored(place: str, most: int) -> Iterator[PhotoSet]:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    parts = urlsplit(place)
    bucket, prefix = parts.netloc, parts.path.removeprefix("/")
    found = False
    try:
        s3 = boto3.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = (one["Key"] for page in pages for one in page.get("Contents", []))
        # Keys are sorted, so those of one report, which differ in the last part, are adjacent.
        for report, report_keys in islice(groupby(keys, key=lambda key: key.rpartition("/")[0]), most):
            found = True
            name = f"{_S3}{bucket}/{report}"
            bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in report_keys]
            yield PhotoSet(name, tuple(_model_jpeg(body, name) for body in bodies))
    except (ClientError, BotoCoreError) as error:
        raise ArtifactError(f"{place}: cannot be read: {error}") from error
    if not found:
        raise ArtifactError(f"{place}: holds no photo")


def _model_jpeg(upload: bytes, name: str) -> bytes:
    try:
        return prepare(upload, name).model_jpeg
    except VitrineError as error:
        raise ArtifactError(str(error)) from error
