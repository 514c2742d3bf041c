"""An archive unpacked as SageMaker does into /opt/ml/model."""

from __future__ import annotations

import tarfile
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ArtifactError
from .termination import terminable

if TYPE_CHECKING:
    from collections.abc import Iterator


class ArchiveError(ArtifactError):
    """An archive cannot be served, or does not answer; the message says which and why."""


class UnpackError(ArchiveError):
    """The archive is no archive, or a member would leave its folder."""


class HandlerMissingError(ArchiveError):
    """There is no code/inference.py."""


@dataclass(frozen=True)
class Unpacked:
    """What is in an archive, for as long as its context lasts."""

    archive: Path
    folder: Path


@contextmanager
def unpacked(archive: Path) -> Iterator[Unpacked]:
    """Unpack `archive` until the context ends, as SageMaker does into /opt/ml/model.

    Raises UnpackError, and HandlerMissingError when the handlers are not where SageMaker looks for them.
    """
    with terminable(), tempfile.TemporaryDirectory(prefix="blip2-unpacked-") as name:
        folder = Path(name)
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
        except (tarfile.TarError, EOFError, OSError) as error:
            raise UnpackError(f"{archive}: cannot be unpacked: {error}") from error
        if not (folder / "code" / "inference.py").is_file():
            found = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("inference.py"))
            instead = f", only {found[0]}: the wrong folder" if found else ""
            raise HandlerMissingError(
                f"{archive}: holds no code/inference.py{instead}; build it by `package`"
            )
        yield Unpacked(archive, folder)
