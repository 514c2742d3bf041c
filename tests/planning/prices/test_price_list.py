"""The committed prices: complete for each region, each with a source, and doubted where they should be."""

import json
from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files

import pytest

from planning.errors import UnknownPriceError
from planning.prices.price_list import EVERYWHERE, Price, PriceList, all_prices, price_list
from planning.prices.products import UNITS

REGIONS = ("ca-central-1", "ca-west-1", "us-east-1", "us-west-2")
LISTED = Price("lcu", "us-east-1", 0.008, "hour", "a page", date(2026, 6, 1), "listed")


def test_planned_regions_are_priced() -> None:
    assert {one.region for one in all_prices()} - {EVERYWHERE} == set(REGIONS)


@pytest.mark.parametrize("region", REGIONS)
def test_each_item_has_a_price(region: str) -> None:
    prices = price_list(region)
    gpus = {"ml.g4dn.xlarge", "ml.g5.xlarge", "ml.g6.xlarge"}
    missing = {one.item for one in all_prices()} - set(prices.items())
    assert missing == (gpus if region == "ca-west-1" else set())
    assert all(prices.usd(item) > 0 for item in prices.items())


@pytest.mark.parametrize("region", REGIONS)
def test_priced_instances_can_host_there(region: str) -> None:
    # cfn-lint's own list of the types that SageMaker hosts in each region.
    table = files("cfnlint.data.schemas.extensions.aws_sagemaker_hosting") / "instancetype_enum.json"
    assert set(price_list(region).instance_types()) <= set(
        json.loads(table.read_text("utf-8"))[region]["enum"]
    )


@pytest.mark.parametrize(
    ("item", "region", "usd"),
    [  # from AWS's price pages
        ("fargate_arm_vcpu", "us-east-1", 0.03238),
        ("fargate_arm_gb", "us-east-1", 0.00356),
        ("fargate_arm_vcpu", "ca-central-1", 0.03565),
        ("fargate_arm_gb", "ca-central-1", 0.00389),
        ("load_balancer_lcu", "ca-central-1", 0.0088),
        ("nat_gateway_gb", "us-east-1", 0.045),
        ("http_api_request", "us-east-1", 1.0),
        ("lambda_request", "us-east-1", 0.20),
        ("lambda_arm", "us-east-1", 0.0000133334),
        ("dynamodb_write", "us-east-1", 0.625),
        ("dynamodb_read", "us-east-1", 0.125),
        ("s3_standard", "us-east-1", 0.023),
        ("s3_standard", "ca-central-1", 0.025),
        ("s3_standard_put", "us-east-1", 0.005),
        ("s3_standard_get", "us-east-1", 0.0004),
        ("s3_ia", "us-east-1", 0.0125),
        ("kms_key", "ca-west-1", 1.0),
        ("kms_request", "us-east-1", 0.03),
        ("logs_ingest", "us-east-1", 0.50),
        ("data_out", "ca-central-1", 0.09),
        ("ml.m5.large", "us-east-1", 0.115),
        ("ml.g4dn.xlarge", "us-east-1", 0.7364),
        ("ml.g5.xlarge", "us-east-1", 1.408),
        ("ml.g6.xlarge", "us-east-1", 1.1267),
    ],
)
def test_prices_are_those_published(item: str, region: str, usd: float) -> None:
    assert price_list(region).usd(item) == usd


def test_every_unit_can_be_refreshed() -> None:
    assert {one.unit for one in all_prices()} == set(UNITS)


def test_unknown_item_names_where_it_is_known() -> None:
    with pytest.raises(
        UnknownPriceError, match=r"of ml\.g5\.xlarge in ca-west-1, only in ca-central-1, us-e"
    ):
        price_list("ca-west-1").price("ml.g5.xlarge")
    with pytest.raises(UnknownPriceError, match="of tea in ca-west-1, only in no region") as unknown:
        price_list("ca-west-1").price("tea")
    assert "prices refresh --region ca-west-1 --write" in unknown.value.hint


def test_region_comes_before_everywhere() -> None:
    prices = PriceList((replace(LISTED, region=EVERYWHERE, usd=1.0), LISTED), "us-east-1")
    assert prices.usd("lcu") == 0.008
    assert PriceList((replace(LISTED, region=EVERYWHERE, usd=1.0), LISTED), "eu-west-1").usd("lcu") == 1


@pytest.mark.parametrize(("days", "doubted"), [(0, False), (180, False), (181, True), (4000, True)])
def test_old_price_is_doubted(days: int, doubted: bool) -> None:
    notes = PriceList([LISTED], "us-east-1").notes(["lcu"], LISTED.as_of + timedelta(days=days))
    assert notes == (["Prices in us-east-1 of 2026-06-01, over 180 days old: lcu."] if doubted else [])


def test_doubts_are_said_once_each() -> None:
    assumed = [
        replace(LISTED, item=item, source="a rule", confidence="assumed") for item in ("nat", "egress")
    ]
    notes = PriceList([LISTED, *assumed], "us-east-1").notes(["nat", "lcu", "egress", "nat"], LISTED.as_of)
    assert notes == ["Prices in us-east-1 assumed from a rule: nat, egress."]
