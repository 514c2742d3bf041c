"""`watch`: is the pinned revision of a hub's model still its newest?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import sources
from .hub import HubError, reached

if TYPE_CHECKING:
    import argparse

_TIMEOUT_S = 10.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--model", required=True, metavar="OWNER/NAME", help="the hub's id")
    parser.add_argument(
        "--revision", required=True, metavar="COMMIT", help="the 40 hexadecimal digits in use"
    )


def run(given: argparse.Namespace) -> list[str]:
    """One line: whether the hub has a newer revision than the pinned one."""
    sources.check(given.model, given.revision)
    found, changed = newest(given.model)
    if found == given.revision:
        return [f"{given.model}: {given.revision} is the newest revision"]
    return [f"{given.model}: the hub's newest revision is {found}{changed}; pinned is {given.revision}"]


def newest(model: str) -> tuple[str, str]:
    """The newest revision of `model` on the hub, and when it came there, as words or nothing."""
    with reached(model) as endpoint:
        from huggingface_hub import HfApi

        info = HfApi(endpoint=endpoint).model_info(model, timeout=_TIMEOUT_S)
    if info.sha is None:
        raise HubError(f"{model}: the hub states no revision")
    changed = f" of {info.last_modified:%Y-%m-%d}" if info.last_modified else ""
    return info.sha, changed
