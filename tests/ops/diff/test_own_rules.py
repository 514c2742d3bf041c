"""A pull request that changes the rules of its own comparison is told from another."""

from pathlib import Path

import pytest

from ops.diff.own_rules import rules_change


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("ops/diff/rules.toml", True),
        ("ops/diff/properties/new.toml", True),
        ("ops/diff/api/new.py", True),
        ("local/cdk/compare.mjs", True),
        ("ops/other.py", False),
    ],
)
def test_changed_rule_is_noticed(file: str, changes: bool, tmp_path: Path) -> None:
    for side in ("old", "new"):
        (tmp_path / side / file).parent.mkdir(parents=True)
    (tmp_path / "new" / file).write_text("new")
    assert rules_change(tmp_path / "old", tmp_path / "new") is changes
