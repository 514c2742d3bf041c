"""The settings of a second environment, made from those of the first."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from planning.errors import PlanningError, UnknownPriceError
from planning.proposals.second_region import SecondRegion, require_possible, second_region
from planning.regions.facts import facts
from settings.environment import FOLDER, load_environment
from tests.stacks.assemblies import changed, full_environment

PROD = (FOLDER / "prod.toml").read_text("utf-8")
ENDPOINT = [{"Resources": {"Endpoint": {"Type": "AWS::SageMaker::Endpoint"}}}]
TOPIC = "arn:aws:sns:ca-central-1:123456789012:alarms"


def second(region: str, text: str = PROD, folder: Path | None = None) -> SecondRegion:
    """Return the second environment of a settings file with this text."""
    settings = load_environment("prod")
    if folder is not None:
        (folder / "prod.toml").write_text(text, "utf-8")
        settings = load_environment(folder / "prod.toml")
    return second_region(settings, text, f"prod-{region}", region, facts())


@pytest.mark.parametrize("region", ["us-east-1", "us-west-2", "ca-west-1"])
def test_only_the_place_changes(region: str) -> None:
    found = second(region)
    ours, theirs = tomllib.loads(PROD), tomllib.loads(found.text)
    assert theirs["region"] == region
    assert theirs["zones"] == [f"{region}a", f"{region}b"]
    assert theirs["model"]["usd_per_hour"] == {"us": 0.115, "ca": 0.128}[region[:2]]
    for values in (ours, theirs):
        for key in ("region", "zones"):
            values.pop(key)
        values["model"].pop("usd_per_hour")
    assert theirs == ours
    assert (found.settings.name, found.left_out) == (f"prod-{region}", ())


def test_comments_and_layout_stay() -> None:
    before, after = PROD.splitlines(), second("us-east-1").text.splitlines()
    assert after[0] == "# prod in a second region: us-east-1."
    pairs = [(old, new) for old, new in zip(before, after[1:], strict=True) if old != new]
    assert [new.partition(" =")[0] for _, new in pairs] == ["region", "zones", "usd_per_hour"]
    assert [old.partition("#")[2] for old, _ in pairs] == [new.partition("#")[2] for _, new in pairs]


REGIONAL = {
    '# image_digest = "sha256:…"': f'image_digest = "sha256:{"a" * 64}"',
    '# image_uri = "…"': 'image_uri = "123456789012.dkr.ecr.ca-central-1.amazonaws.com/blip2:1"',
    '# notify = "ops@example.com"': f'notify = "{TOPIC}"',
    "# [domain]": "[domain]",
    '# name = "api.example.com"': 'name = "api.example.com"',
    '# hosted_zone_id = "Z…"      # the Route 53 hosted zone': 'hosted_zone_id = "Z123"',
    '# hosted_zone_name = "example.com"': 'hosted_zone_name = "example.com"',
    '# domain_name = "app.example.com"': 'domain_name = "app.example.com"',
    '# certificate_arn = "arn:aws:acm:us-east-1:…"': (
        f'certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/{"1" * 36}"'
    ),
    "# [studio]": "[studio]",
    "# user_name": "user_name",
    '# network = "internet"': 'network = "internet"',
    "# idle_shutdown_minutes": "idle_shutdown_minutes",
}


@pytest.mark.parametrize(("region", "studio"), [("ca-west-1", True), ("us-east-1", False)])
def test_what_is_regional_is_left_out(region: str, studio: bool, tmp_path: Path) -> None:
    text = PROD
    for absent, present in REGIONAL.items():
        assert absent in text
        text = text.replace(absent, present, 1)
    found = second(region, text, tmp_path)
    assert set(found.left_out) == {
        *("image_digest", "model.image_uri", "domain", "web.domain_name", "web.certificate_arn"),
        *("alarms.notify", *(["studio"] if studio else [])),
    }
    assert found.settings.domain is None and found.settings.image_digest is None
    assert found.settings.web is not None and found.settings.web.domain_name is None
    assert found.settings.alarms.notify is None
    assert (found.settings.studio is None) == studio
    for value in ('name = "api.example.com"', f'notify = "{TOPIC}"'):
        assert re.search(rf"^# {re.escape(value)}", found.text, re.MULTILINE)


def test_default_place_is_replaced(tmp_path: Path) -> None:
    lines = [line for line in PROD.splitlines(keepends=True) if not line.startswith(("region", "zones"))]
    found = second("us-east-1", "".join(lines), tmp_path)
    assert (found.settings.region, found.settings.zones) == ("us-east-1", ("us-east-1a", "us-east-1b"))


def test_third_zone_stays_a_third_zone(tmp_path: Path) -> None:
    text = PROD.replace('"ca-central-1b"]', '"ca-central-1b", "ca-central-1d"]')
    assert len(second("us-west-2", text, tmp_path).settings.zones) == 3


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    settings = load_environment("prod")
    found = second_region(settings, PROD.replace("\n", "\r\n"), "prod-us-east-1", "us-east-1", facts())
    assert found.settings.region == "us-east-1"
    assert set(re.findall(r"\r?\n", found.text)) == {"\r\n"}


def test_steps_name_the_secrets() -> None:
    steps = " ".join(second("us-east-1").steps)
    for name in load_environment("prod").secret_names():
        assert name in steps
    assert "make lock" in steps and "make bootstrap ENV=prod-us-east-1" in steps


@pytest.mark.parametrize(
    ("settings", "region", "says", "remedy"),
    [
        ({}, "ca-central-1", "prod is in ca-central-1 already", "another region"),
        ({}, "eu-nowhere-1", "eu-nowhere-1 is no region", "ca-central-1"),
        (
            {"model": {"instance_type": "ml.g5.xlarge"}},
            "ca-west-1",
            "no ml.g5.xlarge for hosting",
            "us-east-1",
        ),
        ({"model": {"instance_type": "ml.x9.huge"}}, "us-east-1", "no ml.x9.huge for hosting", "none"),
        ({}, "me-central-1", "lacks AWS::SageMaker::Endpoint", "regions --all"),
    ],
)
def test_impossible_region_is_refused(settings: Any, region: str, says: str, remedy: str) -> None:
    with pytest.raises(PlanningError, match=says) as refused:
        require_possible(changed("prod", **settings), ENDPOINT, region, facts())
    assert remedy in refused.value.hint


def test_region_without_prices_is_refused() -> None:
    with pytest.raises(UnknownPriceError, match=r"no price of ml\.m5\.large in eu-west-1"):
        require_possible(changed("prod"), ENDPOINT, "eu-west-1", facts())


def test_possible_region_is_accepted() -> None:
    require_possible(changed("prod"), ENDPOINT, "us-east-1", facts())
    require_possible(full_environment(), ENDPOINT, "us-west-2", facts())


def test_long_name_is_refused() -> None:
    with pytest.raises(PlanningError, match="at most 20 lower-case letters") as refused:
        second_region(load_environment("prod"), PROD, "production-us-east-1-b", "us-east-1", facts())
    assert str(refused.value).startswith("The new settings are refused: production-us-east-1-b.toml: ")
