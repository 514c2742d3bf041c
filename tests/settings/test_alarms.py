"""The receiver of alarms and the budget: what is allowed, and what is warned about."""

import copy
import tomllib
from datetime import date
from typing import Any

import pytest

from settings.environment import FOLDER, Environment

PROD = tomllib.loads((FOLDER / "prod.toml").read_text())


def alarms(**changes: Any) -> Environment:
    values = copy.deepcopy(PROD)
    values["alarms"] |= changes
    return Environment.model_validate({"name": "shop", **values})


@pytest.mark.parametrize(
    ("notify", "topic"),
    [
        ("ops@shop.example", False),
        ("first.last+alarms@mail.shop-2.example", False),
        ("arn:aws:sns:ca-central-1:111122223333:pager", True),
        ("arn:aws-us-gov:sns:ca-central-1:111122223333:on_call-2", True),
    ],
)
def test_notified_is_address_or_topic(notify: str, topic: bool) -> None:
    found = alarms(notify=notify).alarms
    assert found.notified_topic == (notify if topic else None)
    assert found.notified_address == (None if topic else notify)


@pytest.mark.parametrize(
    "notify",
    [
        *("", "ops", "ops@localhost", "ops@shop", "a@b@shop.example", "mailto:ops@shop.example"),
        *("Ops <ops@shop.example>", "ops@shop.example, own@shop.example", "ops@shop.example\n"),
        *("https://hooks.shop.example/alarm", "arn:aws:sns:ca-central-1:111122223333:pager.fifo"),
        *("arn:aws:sqs:ca-central-1:111122223333:pager", "arn:aws:sns:ca-central-1:1111:pager"),
        "arn:aws:sns:ca-central-1:111122223333:pager:3f2b",
    ],
)
def test_other_receivers_are_refused(notify: str) -> None:
    with pytest.raises(ValueError, match=r"an e-mail address, such as .* or the ARN of a standard SNS topic"):
        alarms(notify=notify)


def test_topic_of_another_region_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"a topic of the region ca-central-1, because .*; not arn:.*eu-west"
    ):
        alarms(notify="arn:aws:sns:eu-west-1:111122223333:pager")


@pytest.mark.parametrize("usd", [0, -1.0, float("inf"), float("nan"), "80"])
def test_budget_is_a_positive_amount(usd: object) -> None:
    with pytest.raises(ValueError, match="monthly_budget_usd"):
        alarms(monthly_budget_usd=usd)


def test_unset_receiver_is_warned_about() -> None:
    today = date(2030, 1, 1)
    assert [one for one in alarms().notices(today) if "alarms.notify is not set" in one]
    notified = alarms(notify="ops@shop.example")
    assert not [one for one in notified.notices(today) if "alarms." in one]


def test_region_without_budgets_is_warned_about() -> None:
    west = {"region": "ca-west-1", "zones": ["ca-west-1a", "ca-west-1b"]}
    settings = Environment.model_validate({"name": "shop", **copy.deepcopy(PROD), **west})
    assert not settings.has_budget()
    assert [one for one in settings.notices(date(2030, 1, 1)) if "none in ca-west-1" in one]
