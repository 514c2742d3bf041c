"""`replay`: puts photos through two archives and shows, report by report, what the new one would change."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from services.core.domain.assessment import Assessment, assess
from services.core.domain.errors import VitrineError
from services.core.vision.endpoint import RealtimeVisionEndpoint

from .errors import ArtifactError
from .packages_inside import take_out_foreign
from .photos import Case, cases
from .served import serving
from .unpacked import unpacked

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from services.core.domain.observation import Observation


class ReplayError(ArtifactError):
    """An archive gives an answer that the service could not use; the message says for which photo."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--old", type=Path, required=True, metavar="ARCHIVE", help="what is served now")
    parser.add_argument("--new", type=Path, required=True, metavar="ARCHIVE", help="what would be served")
    parser.add_argument(
        "photos",
        nargs="+",
        metavar="PHOTO",
        help="a photo, a folder of nothing but photos, or s3://BUCKET/photos/… as the service stored them",
    )
    parser.add_argument(
        "--most", type=int, default=50, metavar="N", help="reports to take from each s3:// (default: 50)"
    )


def run(given: argparse.Namespace) -> list[str]:
    """A line for each report, a photo that is given being one of its own, and a line for all of them."""
    asked = cases(given.photos, given.most)
    old, new = look(given.old, asked), look(given.new, asked)
    changes = [differences(*pair) for pair in zip(old, new, strict=True)]
    lines = [
        f"{case.name}: {'; '.join(found) or 'no change'}" for case, found in zip(asked, changes, strict=True)
    ]
    changed = sum(1 for found in changes if found)
    versions = f"{old[0].artifact} → {new[0].artifact}"
    return [*lines, f"{changed} of {len(asked)} reports would change: {versions}"]


def differences(old: Observation, new: Observation) -> list[str]:
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


def look(archive: Path, asked: Sequence[Case]) -> list[Observation]:
    """What the archive sees on this machine, in each case; raises ReplayError where it is of no use."""
    seen = []
    with ExitStack() as stack:
        inside = stack.enter_context(unpacked(archive))
        # This environment's own take their place.
        take_out_foreign(inside.folder / "code")
        runtime = stack.enter_context(serving(inside, Path(sys.executable)))
        model = RealtimeVisionEndpoint(cast("Any", runtime), str(archive))
        for number, case in enumerate(asked, 1):
            sys.stderr.write(f"{archive}: report {number} of {len(asked)}\n")
            try:
                seen.append(model.observe(case.photos))
            except VitrineError as error:
                raise ReplayError(f"{case.name}: {archive}: {error}") from error
    return seen
