"""An archive, unpacked as SageMaker unpacks it into /opt/ml/model."""

from __future__ import annotations

import shutil
import signal
import tarfile
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.tags import parse_tag, sys_tags

from . import catalogue_file
from .errors import ArchiveError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import Distribution
    from types import FrameType

    from catalogue import Catalogue


@dataclass(frozen=True)
class UnpackedArchive:
    """An archive's file and the folder of its members, which lives as long as its context."""

    archive: Path
    folder: Path

    @property
    def code(self) -> Path:
        """The folder of the handlers."""
        return self.folder / "code"


@contextmanager
def unpacked(archive: Path) -> Iterator[UnpackedArchive]:
    """Unpack `archive` until the context ends; SIGTERM and SIGHUP end it as Ctrl-C does.

    Raises ArchiveError if that fails or code/inference.py is missing.
    """
    with _ended_by_signals(), tempfile.TemporaryDirectory(prefix="blip2-unpacked-") as name:
        folder = Path(name)
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
        except (tarfile.TarError, EOFError, OSError) as error:
            raise ArchiveError(Fault.NOT_UNPACKED, f"{archive}: cannot be unpacked: {error}") from error
        if not (folder / "code" / "inference.py").is_file():
            found = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("inference.py"))
            instead = f", only {found[0]}: the wrong folder" if found else ""
            raise ArchiveError(
                Fault.HANDLER_MISSING,
                f"{archive}: holds no code/inference.py{instead}; build it by `package`",
            )
        yield UnpackedArchive(archive, folder)


def catalogue_of(inside: UnpackedArchive, name: str | None = None) -> Catalogue:
    """The catalogue that the archive was made for: `name`, or that of the committed ones with its version.

    Raises ArchiveError if there is none of that version.
    """
    version = catalogue_file.stated_version(inside.folder)
    if version is None:
        raise ArchiveError(
            Fault.CATALOGUE_MISMATCH, f"{inside.archive}: holds no catalogue.json; build it by `package`"
        )
    goods = catalogue_file.of_version(version, name)
    if goods is None:
        raise ArchiveError(
            Fault.CATALOGUE_MISMATCH,
            f"CatalogueMismatch: {inside.archive}: is of the catalogue {version}, and here is "
            f"{catalogue_file.listed(name)}; package the model again, or take the commit with its catalogue",
        )
    return goods


def remove_foreign_packages(code: Path) -> list[str]:
    """Remove all packages from the handlers' folder if one of them is built for another machine.

    Returns the removed ones as pinned requirements, to install the same versions for this machine; an empty
    list if there are no packages, or if all of them run here.
    """
    found = sorted(distributions(path=[str(code)]), key=lambda one: one.name)
    here = {str(tag) for tag in sys_tags()}
    if all(here & _tags(one) for one in found):
        return []
    pinned = [f"{one.name}=={one.version}" for one in found]
    for one in found:
        for top in {file.parts[0] for file in one.files or ()} - {".."}:
            path = code / top
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    return pinned


def _tags(one: Distribution) -> set[str]:
    lines = (one.read_text("WHEEL") or "").splitlines()
    stated = [line.partition(":")[2].strip() for line in lines if line.startswith("Tag:")]
    return {str(tag) for word in stated for tag in parse_tag(word)}


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise SystemExit, so that the folder is deleted and the server stopped.

    A signal that the caller handles already stays the caller's.
    """
    in_main = threading.current_thread() is threading.main_thread()  # Python sets handlers there only
    unhandled = [
        one for one in (signal.SIGTERM, signal.SIGHUP) if in_main and signal.getsignal(one) is signal.SIG_DFL
    ]
    for one in unhandled:
        signal.signal(one, _exit)
    try:
        yield
    finally:
        for one in unhandled:
            signal.signal(one, signal.SIG_DFL)


def _exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
