"""The photos to run through an archive: files, one report each, or stored photos grouped by report."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from services.core.domain.errors import VitrineError
from services.core.photos.photo import prepare

from .errors import PhotoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_S3 = "s3://"


@dataclass(frozen=True)
class PhotoSet:
    """The photos of one report: JPEGs as the service sends them to the model."""

    name: str
    photos: tuple[bytes, ...]


def photo_sets(places: Sequence[str], most_stored: int) -> list[PhotoSet]:
    """The photos at `places`: files, folders, or s3://bucket/prefix, of which `most_stored` reports at most.

    Raises PhotoError.
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
        raise PhotoError(f"{path}: holds no photo")
    return inside


def _stored(place: str, most: int) -> Iterator[PhotoSet]:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    parts = urlsplit(place)
    bucket, prefix = parts.netloc, parts.path.removeprefix("/")
    found = 0
    try:
        s3 = boto3.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = (one["Key"] for page in pages for one in page.get("Contents", []))
        # Keys are sorted, so those of one report, which differ in the last part, are adjacent.
        for report, report_keys in groupby(keys, key=lambda key: key.rpartition("/")[0]):
            if found == most:
                break
            found += 1
            name = f"{_S3}{bucket}/{report}"
            bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in report_keys]
            yield PhotoSet(name, tuple(_model_jpeg(body, name) for body in bodies))
    except (ClientError, BotoCoreError) as error:
        raise PhotoError(f"{place}: cannot be read: {error}") from error
    if not found:
        raise PhotoError(f"{place}: holds no photo")


def _model_jpeg(upload: bytes, name: str) -> bytes:
    try:
        return prepare(upload, name).model_jpeg
    except VitrineError as error:
        raise PhotoError(str(error)) from error
