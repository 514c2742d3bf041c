"""What reports use and cost: units of the gateway, tokens, tasks above the minimum, odd numbers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from planning.assumptions import Assumptions, LogNormal, load_assumptions
from planning.cost.llm import llm_cost
from planning.cost.report import report_lines
from planning.cost.usage import gateway_units
from planning.errors import PlanningError
from planning.prices.llms import llm_price
from planning.prices.price_list import price_list
from planning.workload import Workload
from settings.environment import Environment, load_environment
from settings.schema import Listing

PROD = load_environment("prod")
FIGURES = Path(__file__).parents[3] / "docs" / "figures" / "words.json"


def exactly(kb: float) -> LogNormal:
    return LogNormal(median=kb, p90=kb * 1.000001)


def assumed(section: str, **values: Any) -> Assumptions:
    given: dict[str, Any] = load_assumptions().model_dump()
    given[section] |= values
    return Assumptions.model_validate(given)


def usd(settings: Environment, workload: Workload) -> dict[str, float]:
    return {line.what: line.usd for line in report_lines(settings, workload, price_list("ca-central-1"))}


# 512 KB are 524,288 bytes.
@pytest.mark.parametrize(
    ("photos", "kb", "units"), [(1, 3000, 6), (1, 500, 1), (1, 600, 2), (8, 500, 8), (3, 100, 1)]
)
def test_request_is_billed_by_units(photos: int, kb: float, units: int) -> None:
    assert gateway_units(photos, exactly(kb)) == pytest.approx(units)


@pytest.mark.parametrize("photos", [1, 3, 8])
def test_expected_units_agree_with_draws(photos: int) -> None:
    sizes = LogNormal(median=480, p90=900)
    sigma = np.log(900 / 480) / 1.2815515655446004
    draws = np.random.default_rng(25).lognormal(np.log(480), sigma, (200_000, photos)).sum(1)
    assert gateway_units(photos, sizes) == pytest.approx(np.ceil(draws / 524.288).mean(), rel=0.005)
    assert sizes.mean == pytest.approx(draws.mean() / photos, rel=0.005)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_call_costs_what_the_words_bench_measured(language: Any) -> None:
    measured = {one["name"]: one["value"] for one in json.loads(FIGURES.read_text("utf-8"))["figures"]}
    settings = PROD.model_copy(update={"listing": Listing(languages=(language,))})
    llm = llm_cost(settings, Workload(1000, load_assumptions()))
    # The bench leaves out what writing the prefix to the cache costs.
    luna = llm_price("gpt-6-luna")
    written = measured[f"{language}_prefix_tokens"] * (luna.usd_per_mtok_cache_write - 0.10) / 1e6
    uncached, cached = (measured[f"{language}_usd_per_1000_reports_now{which}"] for which in ("", "_cached"))
    assert 1000 * (llm.uncached - written) == pytest.approx(uncached, abs=0.001)
    assert 1000 * llm.cached == pytest.approx(cached, abs=0.001)


def test_busy_provider_keeps_the_prefix() -> None:
    rare, often = (llm_cost(PROD, Workload(count, load_assumptions())) for count in (10, 1_000_000))
    assert rare.cached_share < 0.01
    assert often.cached_share > 0.99
    assert often.standard == pytest.approx(often.cached, rel=0.01)


def test_flex_halves_the_reports_of_jobs() -> None:
    workload = Workload(1000, load_assumptions())
    flex = PROD.model_copy(update={"llm": PROD.llm.model_copy(update={"job_tier": "flex"})})
    assert llm_cost(flex, workload).usd == pytest.approx(llm_cost(PROD, workload).usd / 2)
    always = flex.model.model_copy(update={"mode": "realtime", "min_instances": 1})
    realtime = llm_cost(flex.model_copy(update={"model": always}), workload)
    assert realtime.usd == pytest.approx(llm_cost(PROD, workload).usd * (1 - 0.02 / 2))


def test_unknown_llm_has_assumed_tiers() -> None:
    own = PROD.model_copy(update={"llm": PROD.llm.model_copy(update={"model": "own-llm"})})
    llm = llm_cost(own, Workload(1000, load_assumptions()))
    assert (llm.flex_factor, llm.batch_factor) == (0.5, 0.5)
    assert llm.uncached == pytest.approx((1205 * 0.10 + 143 * 0.50) / 1e6)


def test_tasks_above_the_minimum_are_billed() -> None:
    # 20,000 reports an hour of one photo: 20,000 × (0.02 + 0.07 and more of other requests) CPU-seconds.
    assumptions = assumed("photos", per_report=(1,))
    flat = assumptions.model_copy(
        update={"arrivals": assumptions.arrivals.model_copy(update={"hours": (1,) * 24, "days": (1,) * 7})}
    )
    lines = usd(PROD, Workload(20_000 * 730, flat))
    # Requests decide: 20,000 × (1 + 1 + 4 + 0.25 + 0.05 + 0.05) / 60 = 2,117 a minute, of which a task has
    # 300: 8 are wanted, and 6 may run.
    hours = (6 - 2) * 730
    assert lines["Fargate tasks above the minimum, hours"] == pytest.approx(
        hours * (price_list("ca-central-1").usd("fargate_arm_vcpu") + 2 * 0.00389 + 0.005), rel=1e-3
    )
    assert "Fargate tasks above the minimum, hours" not in usd(PROD, Workload(100_000, flat))


def test_many_photos_are_sent_as_objects() -> None:
    # 22 KB × 4/3 × 5 photos are more than the 128 KB that an async request may have inline.
    four, five = (
        usd(PROD, Workload(1e6, assumed("photos", per_report=(0,) * count + (1,), uploaded_share=0)))
        for count in (3, 4)
    )
    put = price_list("ca-central-1").usd("s3_standard_put")
    assert four["S3, writing requests"] == pytest.approx((4 + 1) * 1000 * put)
    assert five["S3, writing requests"] == pytest.approx((5 + 1 + 1) * 1000 * put)


def test_no_report_costs_nothing() -> None:
    assert usd(PROD, Workload(0, load_assumptions())) == {}


@examples(max_examples=25)
@given(st.floats(1, 1e7), st.floats(1.01, 10))
def test_more_reports_cost_more(reports: float, factor: float) -> None:
    few, many = (
        sum(usd(PROD, Workload(count, load_assumptions())).values()) for count in (reports, factor * reports)
    )
    # Four tasks above the minimum come at once.
    assert few < many <= factor * few + 4 * 730 * 0.06


@pytest.mark.parametrize("reports", [-1, float("nan"), float("inf")])
def test_odd_number_of_reports_is_refused(reports: float) -> None:
    with pytest.raises(PlanningError, match="not a number of reports"):
        Workload(reports, load_assumptions())


def test_week_has_the_reports_of_a_week() -> None:
    hourly = Workload(730, load_assumptions()).hourly()
    assert sum(hourly) == pytest.approx(168)
    # Sunday evening over Monday night, by the weights 1.5 × 14 and 1 × 1.
    assert hourly[6 * 24 + 19] / hourly[2] == pytest.approx(21)
