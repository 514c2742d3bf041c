"""Where a model comes from: a folder, a hub at a pinned revision, or chance."""

from __future__ import annotations

import re
from pathlib import Path

from .errors import PackagingError
from .hub import reached

RANDOM = "random"
# What the archive takes; a hub's folder may hold the same weights in three more formats.
PATTERNS = ("*.json", "*.safetensors", "*.model", "*.txt")
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile("[0-9a-f]{40}")


def resolve(model: str, revision: str | None, work: Path) -> Path:
    """The folder of `model`: a path, a hub id, or "random"; what is not here yet goes into `work`."""
    folder = Path(model).expanduser()
    if model == RANDOM or folder.is_dir():
        if revision is not None:
            raise PackagingError(f"{model}: a revision belongs to a hub id, owner/name; leave it out")
        if model != RANDOM:
            return folder.resolve()
        from . import full_size

        return full_size.write(work / full_size.NAME)
    check(model, revision)
    return _download(model, str(revision), work / model.replace("/", "--"))


def check(model: str, revision: str | None) -> None:
    """Raise unless `model` is a hub's id and `revision` pins one commit of it."""
    if not _HUB.fullmatch(model):
        raise PackagingError(f"{model}: neither a folder nor a hub id of the form owner/name, nor {RANDOM!r}")
    if revision is None or not _COMMIT.fullmatch(revision):
        raise PackagingError(
            f"{model}: needs --revision, the commit's 40 hexadecimal digits, not {revision or 'nothing'}: "
            "a branch or a tag may hold another model tomorrow"
        )


def _download(model: str, revision: str, folder: Path) -> Path:
    with reached(model, revision) as endpoint:
        from huggingface_hub import snapshot_download

        snapshot_download(
            model, revision=revision, local_dir=folder, allow_patterns=list(PATTERNS), endpoint=endpoint
        )
    if not [*folder.glob("*.safetensors")]:
        raise PackagingError(f"{model} at {revision}: holds no *.safetensors; name a revision that has them")
    return folder
