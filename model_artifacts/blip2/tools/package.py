"""`package`: the archive that the endpoint serves, from the demo model, a folder, a hub, or at random."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import packaging

if TYPE_CHECKING:
    import argparse

DEMO = Path(__file__).resolve().parents[1] / "model"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write the archive")
    parser.add_argument(
        "--model",
        default=str(DEMO),
        metavar="MODEL",
        help="a BLIP-2's folder, a hub id owner/name, or random: the full size with random weights, "
        "for measuring (default: the demo model)",
    )
    parser.add_argument("--revision", metavar="COMMIT", help="the hub's commit, 40 hexadecimal digits")
    parser.add_argument(
        "--with-packages",
        action="store_true",
        help="put the Python packages inside, for an endpoint with network isolation",
    )


def run(given: argparse.Namespace) -> list[str]:
    """The archive's hash, and its key in the artifact bucket."""
    from .sources import resolve

    with tempfile.TemporaryDirectory(prefix="blip2-model-", dir=_near(given.out)) as work:
        model = resolve(str(DEMO) if given.model == "demo" else given.model, given.revision, Path(work))
        sha256 = packaging.build(given.out, model, with_packages=given.with_packages, revision=given.revision)
    return [f"sha256: {sha256}", f"key: {packaging.key(sha256)}"]


def _near(target: Path) -> Path:
    # Where the archive has room, its gigabytes of weights have: /tmp may be memory.
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.parent
