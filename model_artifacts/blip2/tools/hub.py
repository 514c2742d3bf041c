"""The hub of models: reaching it, and its refusals in words."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator


class HubError(ArtifactError):
    """The hub does not give what it was asked for; the message says why."""


@contextmanager
def reached(model: str, revision: str | None = None) -> Iterator[str | None]:
    """Let the hub's client go online; yields the hub's address where the environment names one.

    Raises HubError for whatever goes wrong while `model`, or a revision of it, is asked for.
    """
    # The local system turns the hub off; the client reads that once, as it is imported.
    os.environ.pop("HF_HUB_OFFLINE", None)
    import httpx2
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        yield os.environ.get("HF_ENDPOINT") or None
    except GatedRepoError:
        raise HubError(f"{model}: is gated; accept its terms on the hub and set HF_TOKEN") from None
    except RevisionNotFoundError:
        raise HubError(f"{model}: has no revision {revision}") from None
    except RepositoryNotFoundError:
        raise HubError(f"{model}: the hub knows no such model; a private one needs HF_TOKEN") from None
    except (httpx2.HTTPError, OSError) as error:
        raise HubError(
            f"{model}: asking the hub fails: {_reason(error)} (HF_ENDPOINT names another hub)"
        ) from error


def _reason(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__).strip()
