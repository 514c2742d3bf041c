"""The licences of what is deployed are on a list; any other needs an exception with a reason."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from cli.findings import failure
from supply_chain.deployables import DEPLOYABLES, pins, shown
from supply_chain.page import LOCK, page_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cli.findings import Finding
    from supply_chain.deployables import Deployable
    from supply_chain.page import NpmPackage

FILE = Path(__file__).parent / "licences.toml"
_PREFIX = "License :: "
_WORD = re.compile(r"[^\s()]+")
_LONGEST_NAME = 60


class AllowedException(BaseModel):
    """A licence that is allowed for one package, and why."""

    model_config = ConfigDict(extra="forbid")

    licence: str
    reason: str


class Rules(BaseModel):
    """The content of licences.toml."""

    model_config = ConfigDict(extra="forbid")

    allowed: frozenset[str]
    names: dict[str, str]
    exceptions: dict[str, AllowedException]


def committed_rules() -> Rules:
    """Return the committed rules."""
    return Rules.model_validate(tomllib.loads(FILE.read_text("utf-8")))


def stated_licences(package: str) -> list[str]:
    """Return what an installed package states: an SPDX expression, or else classifiers, or else its text.

    Raises PackageNotFoundError where it is not installed.
    """
    found = metadata.metadata(package)
    if expressions := found.get_all("License-Expression"):
        return [str(one) for one in expressions]
    classifiers = [
        value.rpartition(" :: ")[2]
        for value in found.get_all("Classifier", [])
        if value.startswith(_PREFIX) and value != "License :: OSI Approved"
    ]
    text = str(found.get_all("License", [""])[0]).strip()
    # Some packages put the licence's whole text there.
    return classifiers or ([text.splitlines()[0][:_LONGEST_NAME]] if text else [])


def refused_licences(
    deployables: Sequence[Deployable] = DEPLOYABLES,
    rules: Rules | None = None,
    stated: Callable[[str], list[str]] = stated_licences,
    page: Sequence[NpmPackage] | None = None,
) -> list[Finding]:
    """Return the packages whose licence is unknown or not allowed, each once, and exceptions without use.

    Those of Python are asked what they state where they are installed; of the `page`, npm's lock says it.
    """
    rules = rules or committed_rules()
    found: list[Finding] = []
    excepted: set[str] = set()
    # Of several locks with the same package, the first is named.
    where = {
        pin.name: shown(one.lock) for one in reversed(deployables) for pin in pins(one.lock) if pin.deployed
    }
    known: list[tuple[str, str, list[str]]] = []
    for package, lock in sorted(where.items()):
        try:
            known.append((package, lock, stated(package)))
        except metadata.PackageNotFoundError:
            found.append(failure(lock, f"{package} is not installed here", "Run `make setup-test`."))
    of_page = page_packages() if page is None else page
    known += [(one.name, shown(LOCK), [one.licence] if one.licence else []) for one in of_page]
    for package, lock, licences in known:
        refused = [licence for licence in licences if not _allowed(licence, rules)]
        if (exception := rules.exceptions.get(package)) is not None and refused:
            excepted.add(package)
            also = rules.model_copy(update={"allowed": rules.allowed | {exception.licence}})
            refused = [licence for licence in refused if not _allowed(licence, also)]
        if refused or not licences:
            found.append(_refused(lock, package, refused))
    found += [
        failure(shown(FILE), f"the exception of {package} has no use", "Delete it.")
        for package in sorted(rules.exceptions.keys() - excepted)
    ]
    return found


def _refused(lock: str, package: str, refused: Sequence[str]) -> Finding:
    problem = f"the licence {' and '.join(refused)} is not allowed" if refused else "no licence is stated"
    return failure(
        lock,
        f"{package}: {problem}",
        f"Take another package. Or, if you have read the licence and it lets you deploy this one, add to "
        f"supply_chain/{FILE.name} the licence's name as SPDX has it, or an exception with a reason.",
    )


def _allowed(licence: str, rules: Rules) -> bool:
    """Say whether a licence is allowed: of an SPDX expression one of each OR, and each of an AND."""
    if licence in rules.names:
        licence = rules.names[licence]
    if "(" in licence:
        # Nested expressions: every licence in it must be allowed.
        words = [word for word in _WORD.findall(licence) if word not in ("AND", "OR")]
        return all(word in rules.allowed for word in words)
    alternatives = [alternative.split(" AND ") for alternative in licence.split(" OR ")]
    return any(all(one.strip() in rules.allowed for one in each) for each in alternatives)
