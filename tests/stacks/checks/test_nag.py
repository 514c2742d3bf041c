"""The AwsSolutions rules over every environment, with only the exemptions that are needed."""

import json
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from settings.environment import Environment
from stacks.__main__ import main
from stacks.checks.nag import EXEMPTIONS, add_rules
from tests.stacks.assemblies import Assembly


@pytest.fixture(scope="module")
def suppressed(
    environments: list[Environment], tmp_path_factory: pytest.TempPathFactory
) -> set[tuple[str, str]]:
    """Rule and construct of every suppressed finding; an unsuppressed one fails the synthesis."""
    found = set()
    for settings in environments:
        name = settings.name
        assembly = Assembly(settings, tmp_path_factory.mktemp(name), rules=add_rules)
        reports = json.loads((assembly.folder / "validation-report.json").read_text("utf-8"))["pluginReports"]
        (report,) = (one for one in reports if one["pluginName"] == "AwsSolutions")
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


def test_broken_rule_fails_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("stacks.checks.nag.EXEMPTIONS", ())
    monkeypatch.setattr("stacks.__main__.ROOT", tmp_path)
    monkeypatch.setattr("stacks.__main__.environment_names", lambda: ["prod"])
    assert main([]) == 1
    printed = "".join(capfd.readouterr())
    assert "AwsSolutions-S1" in printed
    assert "add an Exemption of the construct, with the reason, to stacks/checks/nag.py" in printed
