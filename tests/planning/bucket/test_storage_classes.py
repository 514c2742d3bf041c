"""The cost of photos by storage class, against arithmetic by hand with the prices of us-east-1."""

from datetime import date
from math import inf, log

import pytest
from scipy.integrate import quad
from scipy.stats import lognorm, norm

from planning.assumptions import LogNormal
from planning.bucket.storage_classes import (
    LEAST_BYTES,
    MOVED_AFTER_DAYS,
    PRICES,
    Life,
    class_costs,
    days_until_ia_pays,
)
from planning.prices.price_list import Price, PriceList, price_list
from settings.environment import environment_names, load_environment

USD = {
    "s3_standard": 0.023, "s3_standard_put": 0.005, "s3_standard_get": 0.0004,
    "s3_ia": 0.0125, "s3_ia_put": 0.01, "s3_ia_get": 0.001, "s3_ia_retrieval": 0.01, "s3_ia_transition": 0.01,
    "s3_glacier_ir": 0.004, "s3_glacier_ir_put": 0.02, "s3_glacier_ir_get": 0.01,
    "s3_glacier_ir_retrieval": 0.03,
}  # fmt: skip


def listed(**other: float) -> PriceList:
    as_of = date(2026, 11, 26)
    return PriceList(
        [Price(item, "*", usd, "", "", as_of, "listed") for item, usd in (USD | other).items()], "us-east-1"
    )


def life(kilobytes: float, days: float = 365.25, reads: float = 4.0) -> Life:
    """Photos of all but one size."""
    return Life(LogNormal(median=kilobytes, p90=kilobytes * 1.000001), days, reads)


def test_classes_cost_what_arithmetic_says() -> None:
    # 100,000 bytes are 0.0931323 GB for 1,000 photos, and 128 KB are 0.1220703 GB; 365.25 days are 12 months.
    usd = [one.usd for one in class_costs(life(100), listed())]
    assert usd == pytest.approx(
        [
            0.0931323 * 12 * 0.023 + 0.005 + 4 * 0.0004,
            0.1220703 * 12 * 0.0125 + 0.01 + 4 * 0.001 + 4 * 0.0931323 * 0.01,
            0.1220703 * 12 * 0.004 + 0.02 + 4 * 0.01 + 4 * 0.0931323 * 0.03,
            0.0931323 * 12 * 0.023 + 0.005 + 4 * 0.0004,  # below 128 KB no photo is moved
        ],
        rel=1e-5,
    )
    assert usd == pytest.approx([0.0323045, 0.0360358, 0.0770353, 0.0323045], rel=1e-5)


def test_big_photos_are_moved() -> None:
    # 1,000,000 bytes are 0.931323 GB: 30 days in Standard, then 335.25 days in Standard-IA.
    moved = class_costs(life(1000), listed())[-1]
    months = 335.25 / 30.4375
    storage = 0.931323 * (30 / 30.4375 * 0.023 + months * 0.0125)
    assert moved.storage_usd == pytest.approx(storage, rel=1e-5)
    assert moved.requests_usd == pytest.approx(0.005 + 0.0016 + 0.01)


def test_short_lives_are_billed_their_least() -> None:
    week = class_costs(life(200, days=7, reads=0), listed())
    gigabytes = 200_000_000 / 2**30
    assert week[1].storage_usd == pytest.approx(gigabytes * 30 / 30.4375 * 0.0125, rel=1e-5)
    assert week[2].storage_usd == pytest.approx(gigabytes * 90 / 30.4375 * 0.004, rel=1e-5)
    assert week[3].usd == week[0].usd
    # A rule moves at 30 days, and Standard-IA then bills 30 more.
    nearly = class_costs(life(200, days=40, reads=0), listed())[3]
    both = gigabytes * (MOVED_AFTER_DAYS * 0.023 + 30 * 0.0125) / 30.4375
    assert nearly.storage_usd == pytest.approx(both, rel=1e-5)


def test_days_until_ia_pays() -> None:
    # What IA costs more at once, over what it saves each day: 0.0111253 / (0.0000703750 - 0.0000501315).
    assert days_until_ia_pays(life(100), listed()) == pytest.approx(549.6, abs=0.5)
    at = days_until_ia_pays(life(300), listed())
    standard, infrequent, *_ = class_costs(life(300, days=at), listed())
    assert standard.usd == pytest.approx(infrequent.usd, rel=1e-6)
    assert days_until_ia_pays(life(10), listed()) == inf


@pytest.mark.parametrize("size", [LogNormal(median=95, p90=140), LogNormal(median=300, p90=900)])
def test_share_of_big_photos(size: LogNormal) -> None:
    photos = lognorm(log(size.p90 / size.median) / norm.ppf(0.9), scale=size.median * 1000)
    one = Life(size, 365, 4)
    share, of_bytes = one.from_bytes(LEAST_BYTES)
    above, _ = quad(lambda amount: amount * photos.pdf(amount), LEAST_BYTES, 5e7, limit=500)
    assert one.mean_bytes == pytest.approx(photos.mean(), rel=1e-9)
    assert share == pytest.approx(photos.sf(LEAST_BYTES), rel=1e-6)
    assert of_bytes == pytest.approx(above / photos.mean(), rel=1e-4)


def test_every_environment_has_the_prices() -> None:
    for name in environment_names():
        settings = load_environment(name)
        if settings.target == "aws":
            assert all(price_list(settings.region).usd(item) >= 0 for item in PRICES)
