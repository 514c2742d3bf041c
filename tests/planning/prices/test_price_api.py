"""What the Price List API is asked, and what of its answers is a price."""

import json
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from hypothesis import given
from hypothesis import strategies as st

from planning.prices.offers import read_offer
from planning.prices.price_api import PriceApi
from planning.prices.price_list import all_prices
from planning.prices.products import UNITS, Product, products
from planning.prices.sources import AwayError, RefusedError
from tests.planning.prices.offers import DOCUMENTED, answer, offer, pricing

REQUEST = Product("AWSLambda", "Request-ARM")


def usd(*offers: str, unit: str = "million requests", product: Product = REQUEST) -> float:
    return product.usd(offers, unit)


def test_documented_offer_is_read() -> None:
    assert read_offer(DOCUMENTED).first_paid() == (0.138, "GB-Mo")
    assert Product("AmazonEC2", "EBS:VolumeUsage.piops").usd([DOCUMENTED], "GB-month") == 0.138


def test_each_product_is_asked_for_by_its_region() -> None:
    client, stub = pricing()
    filters = [
        {"Type": "CONTAINS", "Field": "usagetype", "Value": "LCUUsage"},
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "ca-central-1"},
        {"Type": "TERM_MATCH", "Field": "productFamily", "Value": "Load Balancer-Application"},
    ]
    answer(
        stub,
        [offer("CAN1-LCUUsage", ("0", "0.0088"), unit="LCU-Hrs")],
        request={"ServiceCode": "AWSELB", "Filters": filters},
    )
    with stub:
        assert PriceApi(client, products()).usd("load_balancer_lcu", "hour", "ca-central-1") == 0.0088
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("item", products())
def test_request_of_each_item_is_valid(item: str) -> None:
    # The stub validates a request by botocore's own model of the service.
    client, stub = pricing()
    product, unit = products()[item], next(row.unit for row in all_prices() if row.item == item)
    counted = min(UNITS[unit][0])
    answer(stub, [offer(product.usage, ("0", "0.5"), unit=counted)])
    with stub:
        assert PriceApi(client, products()).usd(item, unit, "ca-central-1") == 0.5 * UNITS[unit][1]


def test_price_on_a_later_page_is_found() -> None:
    client, stub = pricing()
    wanted = offer("CAN1-Request-ARM", ("0", "0.0000002000"))
    answer(stub, [offer("CAN1-Request-ARM-Other", ("0", "9"))], [], [wanted])
    with stub:
        found = PriceApi(client, {"x": REQUEST}).usd("x", "million requests", "ca-central-1")
        stub.assert_no_pending_responses()
    assert found == 0.2


@pytest.mark.parametrize("prefix", ["", "USE1-", "CAN1-", "EU-", "APN1-", "ca-central-1-", "us-gov-west-1-"])
def test_region_before_a_usage_type_is_ignored(prefix: str) -> None:
    assert usd(offer(f"{prefix}Request-ARM", ("0", "0.0000002"))) == 0.2


@pytest.mark.parametrize(
    "usage", ["Global-Request-ARM", "CAN1-Edge-Request-ARM", "CAN1-Request-ARM2", "Request"]
)
def test_other_usage_types_are_left_out(usage: str) -> None:
    with pytest.raises(RefusedError, match="no product of AWSLambda has the usage type Request-ARM"):
        usd(offer(usage, ("0", "9")))


@pytest.mark.parametrize(
    ("unit", "counted", "listed", "ours"),
    [  # by hand: 0.0000002 USD a request is 0.2 a million, and so on
        ("million requests", "Requests", "0.0000002000", 0.2),
        ("ten thousand requests", "Requests", "0.0000030000", 0.03),
        ("thousand requests", "Requests", "0.0000044000", 0.0044),
        ("million requests", "API Requests", "0.0000004000", 0.4),
        ("million units", "WriteRequestUnits", "0.0000006250", 0.625),
        ("thousand notifications", "Notifications", "0.0000200000", 0.02),
        ("GB-second", "Lambda-GB-Second", "0.0000133334", 0.0000133334),
        ("GB-month", "GB-Mo", "0.0250000000", 0.025),
        ("hour", "Hrs", "0.7364000000", 0.7364),
        ("hour", "hours", "0.0356500000", 0.03565),
        ("key-month", "Keys", "1.0000000000", 1),
    ],
)
def test_units_are_converted(unit: str, counted: str, listed: str, ours: float) -> None:
    assert usd(offer("Request-ARM", ("0", listed), unit=counted), unit=unit) == ours


@pytest.mark.parametrize("unit", ["million requests", "furlong"])
def test_unit_without_conversion_is_refused(unit: str) -> None:
    with pytest.raises(RefusedError, match=f"'GB-Mo', which does not convert to {unit}"):
        usd(offer("Request-ARM", ("0", "0.1"), unit="GB-Mo"), unit=unit)


def test_first_tier_that_costs_is_the_price() -> None:
    # DynamoDB's storage: 25 GB free, then 0.25; S3's: cheaper with the amount. Tiers come in any order.
    free = offer("TimedStorage-ByteHrs", ("25", "0.2500000000"), ("0", "0.0000000000"), unit="GB-Mo")
    falling = offer(
        "TimedStorage-ByteHrs", ("51200", "0.022"), ("0", "0.023"), ("512000", "0.021"), unit="GB-Mo"
    )
    storage = Product("AmazonS3", "TimedStorage-ByteHrs")
    assert [usd(one, unit="GB-month", product=storage) for one in (free, falling)] == [0.25, 0.023]


def test_product_without_a_price_is_refused() -> None:
    with pytest.raises(RefusedError, match="SKU1 has no price in USD above zero"):
        usd(offer("Request-ARM", ("0", "0.0000000000")))
    reserved = {**json.loads(offer("Request-ARM")), "terms": {"Reserved": {}}}
    with pytest.raises(RefusedError, match="SKU1 has no price"):
        usd(json.dumps(reserved))


def test_several_matches_are_refused_by_name() -> None:
    two = [offer("Request-ARM", ("0", price), sku=sku) for sku, price in (("A7", "0.2"), ("B8", "0.3"))]
    with pytest.raises(RefusedError, match=r"Request-ARM: A7 at 0\.2 USD per Requests, B8 at 0\.3 USD per"):
        usd(*two)


def test_same_price_twice_is_one_price() -> None:
    assert usd(*(offer("Request-ARM", ("0", "0.0000002"), sku=sku) for sku in ("A7", "B8"))) == 0.2


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "its JSON"),
        ("[]", "its JSON"),
        ("{}", "product"),
        (offer("Request-ARM", ("0", "free")), "pricePerUnit.USD"),
        (offer("Request-ARM", ("0", "-1")), "pricePerUnit.USD"),
        (offer("Request-ARM", ("0", "nan")), "pricePerUnit.USD"),
        (offer("Request-ARM", ("some", "1")), "beginRange"),
        ('{"product": {"sku": "A", "attributes": {"usagetype": 3}}, "terms": {}}', "attributes.usagetype"),
    ],
)
def test_undocumented_answer_is_refused(text: str, where: str) -> None:
    with pytest.raises(RefusedError, match=f"not as documented: .*{where}"):
        usd(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@given(path=st.lists(st.integers(0, 9), max_size=8), value=json_values)
def test_any_damage_is_a_price_or_a_refusal(path: list[int], value: object) -> None:
    damaged = json.loads(offer("CAN1-Request-ARM", ("0", "0"), ("5", "0.0000002")))
    place: Any = damaged
    for step in path[:-1]:
        inner = [one for one in place.values() if isinstance(one, dict) and one]
        if not inner:
            break
        place = inner[step % len(inner)]
    place[sorted(place)[path[-1] % len(place) if path else 0]] = value
    try:
        assert usd(json.dumps(damaged)) > 0
    except RefusedError as refused:
        assert str(refused)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "not authorized to perform pricing:GetProducts"),
        ("ThrottlingException", "slow"),
    ],
)
def test_refusal_of_aws_is_away(code: str, message: str) -> None:
    client, stub = pricing()
    stub.add_client_error("get_products", code, message)
    with stub, pytest.raises(AwayError, match=f"AWS refuses GetProducts: {message}"):
        PriceApi(client, {"x": REQUEST}).usd("x", "million requests", "ca-central-1")


def test_failure_on_a_later_page_is_away() -> None:
    client, stub = pricing()
    stub.add_response("get_products", {"PriceList": [], "NextToken": "more"})
    stub.add_client_error("get_products", "ExpiredNextTokenException", "too late")
    with stub, pytest.raises(AwayError, match="too late"):
        PriceApi(client, {"x": REQUEST}).usd("x", "million requests", "ca-central-1")


def test_wrong_question_is_no_outage() -> None:
    client, _ = pricing()
    wrong: Any = 7
    with pytest.raises(ParamValidationError):
        PriceApi(client, {"x": Product("AWSLambda", wrong)}).usd("x", "million requests", "ca-central-1")


def test_item_without_product_is_kept_by_hand() -> None:
    client, _ = pricing()
    with pytest.raises(RefusedError, match="kept by hand"):
        PriceApi(client, products()).usd("data_to_region", "GB", "ca-central-1")
