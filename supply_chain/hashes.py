"""The locks of what is deployed, and of what deploys it, hold hashes: an index cannot give another file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cli.cdk import ROOT
from cli.findings import failure
from supply_chain.deployables import DEPLOYABLES, pins, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cli.findings import Finding
    from supply_chain.deployables import Deployable

# What `make setup-deploy` installs, where credentials are at hand: uv, and the packages by it.
SET_UP = (ROOT / "local/bootstrap.lock", ROOT / "ops/requirements.lock")
_REQUIRED = ROOT / "ops/requirements.txt"
_HINT = "Run `make lock`."


def missing_hashes(
    deployables: Sequence[Deployable] = DEPLOYABLES, set_up: Sequence[Path] = SET_UP
) -> list[Finding]:
    """Return the packages that would be installed without a hash."""
    locks = [*(one.lock for one in deployables if one.hashed), *set_up]
    return [
        failure(shown(lock), f"{pin.name}=={pin.version} has no hash", _HINT)
        for lock in locks
        for pin in pins(lock)
        if not pin.hashed
    ]


def stale_pins(required: Path = _REQUIRED, set_up: Sequence[Path] = SET_UP) -> list[Finding]:
    """Return the required versions that a lock of the set-up lacks."""
    wanted = set(_exact(required))
    found = []
    for lock in set_up:
        locked = {(canonicalize_name(pin.name), pin.version) for pin in pins(lock)}
        names = {name for name, _ in locked}
        # The last one has all of them.
        missing = {pin for pin in wanted - locked if pin[0] in names or lock == set_up[-1]}
        found += [
            failure(shown(lock), f"{name}=={version} is required, and is not in it", _HINT)
            for name, version in sorted(missing)
        ]
    return found


def _exact(file: Path) -> Iterator[tuple[str, str]]:
    """Yield name and version of each exact requirement of a file and of those that it names."""
    for line in file.read_text("utf-8").replace("\\\n", " ").splitlines():
        text = line.partition("#")[0].partition("--hash")[0].strip()
        if text.startswith("-r "):
            yield from _exact(file.parent / text.removeprefix("-r ").strip())
        elif text:
            requirement = Requirement(text)
            for one in requirement.specifier:
                if one.operator == "==":
                    yield canonicalize_name(requirement.name), one.version
