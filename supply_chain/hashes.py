"""The locks of what is deployed hold hashes: an index cannot give another file under the same version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.findings import failure
from supply_chain.deployables import DEPLOYABLES, pins, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.findings import Finding
    from supply_chain.deployables import Deployable


def missing_hashes(deployables: Sequence[Deployable] = DEPLOYABLES) -> list[Finding]:
    """Return the packages that would be installed without a hash."""
    return [
        failure(shown(one.lock), f"{pin.name}=={pin.version} has no hash", "Run `make lock`.")
        for one in deployables
        if one.hashed
        for pin in pins(one.lock)
        if not pin.hashed
    ]
