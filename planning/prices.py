"""Prices of one region, read from prices.toml."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).with_suffix(".toml")
Usd = Annotated[float, Field(ge=0)]


class UnknownRegionError(ValueError):
    """The region has no prices; the message lists the regions that have."""


class RegionPrices(BaseModel):
    """Prices of one region in USD, per hour or month as each name says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours_per_month: int
    free_when_idle: frozenset[str]
    kms_key_month: Usd
    secret_month: Usd
    hosted_zone_month: Usd
    alarm_month: Usd
    sqs_request_million: Usd
    public_ipv4_hour: Usd
    fargate_arm_vcpu_hour: Usd
    fargate_arm_gb_hour: Usd
    load_balancer_hour: Usd
    nat_gateway_hour: Usd
    interface_endpoint_hour: Usd


def load_prices(region: str) -> RegionPrices:
    """Return the prices of `region`; raises UnknownRegionError."""
    table = tomllib.loads(FILE.read_text("utf-8"))
    if region not in table["regions"]:
        known = ", ".join(sorted(table["regions"]))
        raise UnknownRegionError(f"planning/prices.toml has no prices of {region}, only of {known}: add them")
    return RegionPrices.model_validate(
        {
            "hours_per_month": table["hours_per_month"],
            "free_when_idle": table["free_when_idle"],
            **table["global"],
            **table["regions"][region],
        }
    )
