"""The item specifics of a department: the fields of a form, and which of them photos show."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

# Of goods that were not recognised, and of a department without a line of its own.
_ANY = "any"


def item_specifics(department: str | None, seen: Mapping[str, str | None]) -> dict[str, str | None]:
    """The specifics of a department by name, in the order of a form; None: for the seller to fill in.

    `seen` has the words for the product's type, material, colour and pattern, as far as they are known.
    """
    tables = _tables()
    names = tables["departments"].get(department, tables["departments"][_ANY])
    return {name: seen.get(tables["shown"].get(name, "")) for name in names}


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("specifics.toml").read_text("utf-8"))
