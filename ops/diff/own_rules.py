"""Whether a pull request changes the rules by which it is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_RULES = ("ops/diff/**/*.py", "ops/diff/**/*.toml", "local/cdk/compare.mjs")


def rules_change(old: Path, new: Path) -> bool:
    """Say whether two checkouts judge by other rules."""
    return _rules(old) != _rules(new)


def _rules(root: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(root)): file.read_bytes() for pattern in _RULES for file in root.glob(pattern)
    }
