"""Each environment by the AwsSolutions rules, with no exemption that is not needed."""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from settings.environment import load_environment
from stacks.checks.nag import EXEMPTIONS
from stacks.synthesis import synthesize
from tests.stacks.conftest import NAMES, with_everything


@pytest.fixture(scope="module")
def suppressed(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Rule and place of every finding that an exemption stands for; the synthesis fails for any other."""
    found = set()
    for settings in [*(load_environment(name) for name in NAMES), with_everything()]:
        folder = tmp_path_factory.mktemp("nag") / settings.name
        synthesize(settings, folder, by_rules=True)
        for one in _report(folder)["suppressedViolations"]:
            rule = (
                one["acknowledgedId"]
                .removeprefix("AwsSolutions::")
                .replace(f"-{settings.name}-", "-{environment}-")
            )
            for construct in one["violatingConstructs"]:
                found.add((rule, construct["constructPath"].removeprefix(f"vitrine-{settings.name}-")))
    return found


def _report(folder: Path) -> dict[str, Any]:
    reports = json.loads((folder / "validation-report.json").read_text("utf-8"))["pluginReports"]
    report: dict[str, Any] = next(one for one in reports if one["pluginName"] == "AwsSolutions")
    return report


def test_every_exemption_is_needed(suppressed: set[tuple[str, str]]) -> None:
    for exemption in EXEMPTIONS:
        assert any(
            rule == exemption.rule and fnmatchcase(where, exemption.where) for rule, where in suppressed
        ), exemption


def test_what_breaks_a_rule_fails_the_synthesis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stacks.checks.nag.EXEMPTIONS", ())
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
        synthesize(load_environment("prod"), tmp_path / "prod", by_rules=True)
