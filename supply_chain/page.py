"""The npm packages that are part of the built page, from its sources and its lock."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.cdk import ROOT
from cli.errors import UserError
from supply_chain.deployables import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WEB = ROOT / "web"
LOCK = WEB / "package-lock.json"
# `import type` and `export type` leave no code; a specifier that starts with a dot is a file of ours.
_IMPORT = re.compile(
    r"""^\s*@?(?:import|export)\s+(?!type\b)(?:[^'"]*?\bfrom\s*)?["'](?P<name>(?:@[\w.-]+/)?[\w-][\w.-]*)""",
    re.MULTILINE,
)
_DYNAMIC = re.compile(r"""\bimport\(\s*["'](?P<name>(?:@[\w.-]+/)?[\w-][\w.-]*)""")
_SOURCES = (".ts", ".tsx", ".js", ".css")


@dataclass(frozen=True)
class NpmPackage:
    """A package of npm's lock; `integrity` is its hash, as in sha512-…"""

    name: str
    version: str
    licence: str  # empty where it states none
    integrity: str


def page_packages(web: Path = WEB) -> list[NpmPackage]:
    """Return the packages that the page's sources import, and those that these need, by name.

    Tools that build the page are not among them. Raises UserError for an import that the lock lacks.
    """
    lock = json.loads((web / LOCK.name).read_text("utf-8"))["packages"]
    found: dict[str, NpmPackage] = {}
    left = [_place(lock, "", name) for name in imported(web / "src")]
    while left:
        place = left.pop()
        if place not in found:
            one, name = lock[place], place.rpartition("node_modules/")[2]
            found[place] = NpmPackage(name, one["version"], one.get("license", ""), one["integrity"])
            left += [_place(lock, place, needed) for needed in _needed(one)]
    return sorted(found.values(), key=lambda package: (package.name, package.version))


def imported(sources: Path) -> set[str]:
    """Return the packages that source files import, other than for their types."""
    texts = (file.read_text("utf-8") for file in sources.rglob("*") if file.suffix in _SOURCES)
    return {match["name"] for text in texts for one in (_IMPORT, _DYNAMIC) for match in one.finditer(text)}


def _place(lock: Mapping[str, Any], package: str, name: str) -> str:
    """Return where Node finds a package that the one at `package` imports: beside it, or further out."""
    while (place := f"{package}/node_modules/{name}".lstrip("/")) not in lock and package:
        package = package.rpartition("/node_modules/")[0]
    if place not in lock:
        raise UserError(
            f"{shown(LOCK)} lacks {name}, which the page imports.", hint="Run npm install in web/."
        )
    return place


def _needed(package: dict[str, Any]) -> list[str]:
    optional = {name for name, one in package.get("peerDependenciesMeta", {}).items() if one.get("optional")}
    return [*package.get("dependencies", {}), *(package.get("peerDependencies", {}).keys() - optional)]
