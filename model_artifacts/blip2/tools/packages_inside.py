"""The packages inside an archive, which are built for the container: may this machine run them?"""

from __future__ import annotations

import shutil
from importlib.metadata import distributions
from typing import TYPE_CHECKING

from packaging.tags import parse_tag, sys_tags

if TYPE_CHECKING:
    from importlib.metadata import Distribution
    from pathlib import Path


def take_out_foreign(code: Path) -> list[str]:
    """Take the packages out of the folder of handlers where one of them is built for another machine.

    Returns them as requirements, by which the same versions can be had for this machine; nothing where there
    are none, or where all of them run here.
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
