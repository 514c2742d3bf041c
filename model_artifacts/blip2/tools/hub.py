"""Where a model comes from: a folder, or the hub of models at a pinned revision."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ArtifactError, PackagingError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The files that the archive takes; a hub's folder may hold the same weights in three more formats.
PATTERNS = ("*.json", "*.safetensors", "*.model", "*.txt")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile("[0-9a-f]{40}")
_TIMEOUT_S = 10.0


def resolve(model: str, revision: str | None, work: Path) -> Path:
    """The folder of `model`, which is a path or a hub id; a hub's model is downloaded to a folder in `work`.

    Raises PackagingError for a wrong id or revision, ArtifactError if the hub does not deliver the model.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        if revision is not None:
            raise PackagingError(f"{model}: a revision belongs to a hub id, owner/name; leave it out")
        return folder.resolve()
    return _download(model, pinned(model, revision), work / model.replace("/", "--"))


def watch(model: str, revision: str) -> tuple[str, bool]:
    """One line about the hub's newest revision of `model`, and whether it is not the pinned one.

    Raises as `resolve`.
    """
    pinned(model, revision)
    with _hub(model) as endpoint:
        from huggingface_hub import HfApi

        info = HfApi(endpoint=endpoint).model_info(model, timeout=_TIMEOUT_S)
    if info.sha is None:
        raise ArtifactError(f"{model}: the hub states no revision")
    if info.sha == revision:
        return f"{model}: {revision} is the newest revision", False
    changed = f" of {info.last_modified:%Y-%m-%d}" if info.last_modified else ""
    return f"{model}: the hub's newest revision is {info.sha}{changed}; pinned is {revision}", True


def pinned(model: str, revision: str | None) -> str:
    """The revision; raises PackagingError unless `model` is a hub id and the revision one commit of it."""
    if not _HUB_ID.fullmatch(model):
        raise PackagingError(f"{model}: neither a folder nor a hub id of the form owner/name")
    if revision is None or not _COMMIT.fullmatch(revision):
        raise PackagingError(
            f"{model}: needs --revision, the commit's 40 hexadecimal digits, not {revision or 'nothing'}: "
            "a branch or a tag may hold another model tomorrow"
        )
    return revision


def _download(model: str, revision: str, folder: Path) -> Path:
    with _hub(model, revision) as endpoint:
        from huggingface_hub import snapshot_download

        snapshot_download(
            model, revision=revision, local_dir=folder, allow_patterns=list(PATTERNS), endpoint=endpoint
        )
    if not [*folder.glob("*.safetensors")]:
        raise PackagingError(f"{model} at {revision}: holds no *.safetensors; name a revision that has them")
    return folder


@contextmanager
def _hub(model: str, revision: str | None = None) -> Iterator[str | None]:
    """Let the hub's client go online; yields HF_ENDPOINT, or None for the client's own.

    Raises ArtifactError for each of the client's errors about `model` or its revision.
    """
    # The local system turns the hub off by this variable, which the client reads as it is imported.
    os.environ.pop("HF_HUB_OFFLINE", None)
    import httpx2
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        yield os.environ.get("HF_ENDPOINT") or None
    except GatedRepoError:
        raise ArtifactError(f"{model}: is gated; accept its terms on the hub and set HF_TOKEN") from None
    except RevisionNotFoundError:
        raise ArtifactError(f"{model}: has no revision {revision}") from None
    except RepositoryNotFoundError:
        raise ArtifactError(f"{model}: the hub knows no such model; a private one needs HF_TOKEN") from None
    except (httpx2.HTTPError, OSError) as error:
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise ArtifactError(
            f"{model}: asking the hub fails: {reason.strip()} (HF_ENDPOINT names another hub)"
        ) from error
