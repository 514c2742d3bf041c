"""`replay`: runs photos through two archives and lists, for each report, what the new one would change."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from services.core.domain.errors import VitrineError
from services.core.domain.observation import Assessment, assess
from services.core.vision.endpoint import RealtimeVisionEndpoint

from .archive import remove_foreign_packages, unpacked
from .errors import ReplayError
from .photos import PhotoSet, photo_sets
from .serving import serving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.core.domain.observation import Observation


def compare(old: Path, new: Path, places: Sequence[str], most_stored: int = 50) -> list[str]:
    """A line for each report of the photos at `places`, and one line for all of them.

    Raises PhotoError, ArchiveError or ReplayError.
    """
    photos = photo_sets(places, most_stored)
    before, after = observe(old, photos), observe(new, photos)
    changes = [differences(*pair) for pair in zip(before, after, strict=True)]
    lines = [
        f"{one.name}: {'; '.join(found) or 'no change'}" for one, found in zip(photos, changes, strict=True)
    ]
    changed = sum(1 for found in changes if found)
    versions = f"{before[0].artifact} → {after[0].artifact}"
    return [*lines, f"{changed} of {len(photos)} reports would change: {versions}"]


def observe(archive: Path, photos: Sequence[PhotoSet]) -> list[Observation]:
    """The archive's observation of each photo set, served on this machine.

    Raises ArchiveError, and ReplayError for an answer that the service could not use.
    """
    observations = []
    with ExitStack() as stack:
        inside = stack.enter_context(unpacked(archive))
        remove_foreign_packages(inside.code)  # this environment's own replace them
        runtime = stack.enter_context(serving(inside, Path(sys.executable)))
        endpoint = RealtimeVisionEndpoint(cast("Any", runtime), str(archive))
        for number, one in enumerate(photos, 1):
            sys.stderr.write(f"{archive}: report {number} of {len(photos)}\n")
            try:
                observations.append(endpoint.observe(one.photos))
            except VitrineError as error:
                raise ReplayError(f"{one.name}: {archive}: {error}") from error
    return observations


def differences(old: Observation, new: Observation) -> list[str]:
    """What would differ in the report, in words; a confidence alone is no difference."""
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
