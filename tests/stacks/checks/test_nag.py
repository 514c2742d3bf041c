"""The AwsSolutions rules over every environment, with only the exemptions that are needed."""

import json
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from settings.environment import load_environment
from stacks.app import synthesize
from stacks.checks.nag import EXEMPTIONS, add_rules
from tests.stacks.assemblies import Assembly


@pytest.fixture(scope="module")
def suppressed(assemblies: dict[str, Assembly]) -> set[tuple[str, str]]:
    """Rule and construct of every suppressed finding; an unsuppressed one fails the synthesis."""
    found = set()
    for name, assembly in assemblies.items():
        file = assembly.folder / "validation-report.json"
        reports = json.loads(file.read_text("utf-8"))["pluginReports"]
        (report,) = (one for one in reports if one["pluginName"] == "AwsSolutions")
        settings = assembly.settings
        assets = f"cdk-{settings.qualifier}-assets-<AWS::AccountId>-{settings.region}/"
        for one in report["suppressedViolations"]:
            rule = one["acknowledgedId"].removeprefix("AwsSolutions::")
            rule = rule.replace(assets, "cdk-{qualifier}-assets-<AWS::AccountId>-{region}/")
            rule = rule.replace(f"-{name}-", "-{environment}-")
            for construct in one["violatingConstructs"]:
                found.add((rule, construct["constructPath"].removeprefix(f"vitrine-{name}-")))
    return found


def test_every_exemption_is_needed(suppressed: set[tuple[str, str]]) -> None:
    for exemption in EXEMPTIONS:
        assert any(
            rule == exemption.rule and fnmatchcase(where, exemption.where) for rule, where in suppressed
        ), exemption


def test_broken_rule_fails_synthesis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stacks.checks.nag.EXEMPTIONS", ())
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
        synthesize(load_environment("prod"), tmp_path / "prod", rules=add_rules)
