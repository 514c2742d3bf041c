"""The extract of what each region has, against the data of cfn-lint and botocore themselves."""

import json
from datetime import date
from importlib import metadata, resources
from typing import Any

import pytest
from botocore.session import get_session

from planning.errors import PlanningError
from planning.prices.rows import csv_of, read_rows
from planning.regions.extract import extracted
from planning.regions.facts import FILE, RegionFacts, Row, UnknownFactError, facts
from planning.regions.places import regions
from settings.environment import WITHOUT_BUDGETS
from tests.stacks.assemblies import assembled, full_environment

SCHEMAS = resources.files("cfnlint") / "data" / "schemas"


def cfn_lint(*path: str) -> Any:
    return json.loads(SCHEMAS.joinpath(*path).read_text("utf-8"))


@pytest.fixture(scope="module")
def hosting() -> dict[str, set[str]]:
    """cfn-lint's instance types for hosting, by region."""
    found = cfn_lint("extensions", "aws_sagemaker_hosting", "instancetype_enum.json")
    return {region: set(values["enum"]) for region, values in found.items() if "enum" in values}


def test_instance_types_are_those_of_cfn_lint(hosting: dict[str, set[str]]) -> None:
    known = facts()
    everything = set().union(*(hosting[region] for region in known.regions))
    for region in known.regions:
        assert {one for one in everything if known.hosts(region, one)} == hosting[region], region


def test_resource_types_are_those_of_cfn_lint() -> None:
    known = facts()
    types = [row.name for row in read_rows(FILE, Row) if row.kind == "resource"]
    for region in known.regions:
        provider = cfn_lint("providers", f"{region}.json")
        assert [one for one in types if known.has(region, one)] == [one for one in types if one in provider]


def test_regions_are_botocores() -> None:
    known = set(facts().regions)
    assert known <= set(get_session().get_available_regions("sagemaker", allow_non_regional=True))
    # Regions of botocore that cfn-lint 1.58 has no resource types or instance types of.
    assert set(get_session().get_available_regions("ec2")) - known == {"me-south-1"}
    assert known == set(regions())


def test_extract_is_of_the_installed_cfn_lint() -> None:
    before = read_rows(FILE, Row)
    after = extracted(before, date(2030, 1, 1))
    assert csv_of(after) == FILE.read_text("utf-8"), "run `python -m planning regions extract`"
    assert {row.source for row in after} == {f"cfn-lint {metadata.version('cfn-lint')}"}


@pytest.mark.parametrize(
    ("region", "gpus"),
    [
        ("ca-central-1", {"g4dn", "g5", "g6"}),
        ("ca-west-1", set()),
        ("us-east-1", {"g4dn", "g5", "g6", "g6e", "inf2"}),
    ],
)
def test_gpus_by_region(region: str, gpus: set[str]) -> None:
    families = ("g4dn", "g5", "g6", "g6e", "inf2")
    assert {one for one in families if facts().hosts(region, f"ml.{one}.xlarge")} == gpus
    assert facts().hosts(region, "ml.m5.large")


def test_calgary_lacks_studio_and_budgets() -> None:
    for kind in ("AWS::SageMaker::Domain", "AWS::Budgets::Budget"):
        assert facts().has("ca-central-1", kind) and not facts().has("ca-west-1", kind)
    assert facts().has("ca-west-1", "AWS::SageMaker::Endpoint")


def test_settings_know_regions_without_budgets() -> None:
    without = {region for region in facts().regions if not facts().has(region, "AWS::Budgets::Budget")}
    assert without == set(WITHOUT_BUDGETS) & set(facts().regions)


def test_every_resource_type_is_known() -> None:
    kinds = {resource["Type"] for _, resource in assembled(full_environment()).every()}
    assert all(facts().has("ca-central-1", kind) for kind in kinds if kind.startswith("AWS::"))


def test_zones_belong_to_their_region() -> None:
    assert facts().zones("us-west-1") == ("us-west-1a", "us-west-1c")
    for region in facts().regions:
        zones = facts().zones(region)
        assert len(zones) >= 2 and all(zone[:-1] == region for zone in zones)


def test_unknown_type_names_the_remedy() -> None:
    with pytest.raises(UnknownFactError, match="which regions have AWS::RDS::DBInstance") as caught:
        facts().has("ca-central-1", "AWS::RDS::DBInstance")
    assert "resource,AWS::RDS::DBInstance,,,," in caught.value.hint
    assert not facts().hosts("ca-central-1", "ml.unknown.large")


def test_new_row_is_filled() -> None:
    new = Row("resource", "AWS::Bedrock::Guardrail", None, None, None, None)
    (row,) = (one for one in extracted([new], date(2026, 11, 27)) if one.name == new.name)
    known = RegionFacts([*extracted([new], date(2026, 11, 27))])
    assert row.as_of == date(2026, 11, 27)
    assert known.has("ca-central-1", new.name) and not known.has("ca-west-1", new.name)


def test_unfilled_row_counts_as_unknown() -> None:
    rows = [Row("resource", "AWS::Bedrock::Guardrail", None, None, None, None)]
    with pytest.raises(UnknownFactError):
        RegionFacts(rows).has("ca-central-1", "AWS::Bedrock::Guardrail")


def test_unknown_region_lists_the_known() -> None:
    with pytest.raises(PlanningError, match="cn-north-1 is no region") as caught:
        facts().known("cn-north-1")
    assert "ca-central-1" in caught.value.hint
