"""From how many reports on a second region pays, against costs that are known."""

from datetime import date
from typing import Any

import pytest

from planning.assumptions import load_assumptions
from planning.cost.bill import Bill, Line
from planning.errors import PlanningError
from planning.proposals import payoff as module
from planning.proposals.expansion import expansion_answer
from planning.proposals.payoff import nearer, payoff
from planning.proposals.second_region import second_region
from planning.regions.facts import facts
from planning.regions.places import City, estimated_ms, region
from planning.workload import Workload
from settings.environment import FOLDER, Environment
from tests.stacks.assemblies import changed

MONTREAL = City("Montréal", "CA-QC", 45.50, -73.57, 3)
ASHBURN = City("Ashburn", "US-VA", 39.04, -77.49, 1)
TODAY = date(2026, 11, 27)


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[float, float]]:
    """USD a month and USD for each report, by region, in place of the real bills."""
    known = {"ca-central-1": (100.0, 0.02), "us-east-1": (80.0, 0.01)}

    def bill(settings: Environment, _templates: Any, workload: Workload) -> Bill:
        idle, each = known[settings.region]
        return Bill((Line("all", 1, idle + each * workload.reports_per_month),))

    monkeypatch.setattr(module, "monthly", bill)
    return known


def compared(*cities: City) -> module.Payoff:
    return payoff(changed("prod"), [], "us-east-1", load_assumptions(), cities)


def test_pays_where_the_saving_covers_the_idle_cost(costs: dict[str, tuple[float, float]]) -> None:
    found = compared(MONTREAL, ASHBURN)
    # A quarter of the reports saves 0.01 USD each: 80 / (0.25 * 0.01) reports.
    assert found.share == pytest.approx(0.25)
    assert found.pays_from == pytest.approx(32_000, rel=0.002)
    assert found.idle_usd == 80
    for reports, one, two in found.points:
        assert one == pytest.approx(100 + 0.02 * reports)
        assert two == pytest.approx(180 + 0.0175 * reports)


def test_dearer_region_never_pays(costs: dict[str, tuple[float, float]]) -> None:
    costs["us-east-1"] = (80.0, 0.02)
    assert compared(MONTREAL, ASHBURN).pays_from is None


def test_cheap_region_pays_at_once(costs: dict[str, tuple[float, float]]) -> None:
    costs["us-east-1"] = (0.1, 0.001)
    assert compared(MONTREAL, ASHBURN).pays_from == 100


def test_nearer_users_save_the_difference() -> None:
    share, ms = nearer("ca-central-1", "us-east-1", [MONTREAL, ASHBURN])
    assert share == pytest.approx(0.25)
    assert ms == pytest.approx(estimated_ms(ASHBURN, region("ca-central-1")) - 5)


def test_second_region_needs_users() -> None:
    with pytest.raises(PlanningError, match="No user is nearer to us-east-1") as refused:
        compared(MONTREAL)
    assert "--cities" in refused.value.hint


def test_bounds_do_not_limit_the_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds: set[tuple[int, int]] = set()

    def bill(settings: Environment, _templates: Any, _workload: Workload) -> Bill:
        bounds.add((settings.model.max_instances, settings.service.max_tasks))
        return Bill((Line("all", 1, 1.0),))

    monkeypatch.setattr(module, "monthly", bill)
    compared(MONTREAL, ASHBURN)
    assert bounds == {(20, 100)}


@pytest.mark.parametrize(("each", "says"), [(0.01, "two regions cost less"), (0.02, "never pays for itself")])
def test_answer_says_when_it_pays(costs: dict[str, tuple[float, float]], each: float, says: str) -> None:
    costs["us-east-1"] = (80.0, each)
    settings = changed("prod")
    text = (FOLDER / "prod.toml").read_text("utf-8")
    second = second_region(settings, text, "prod-us-east-1", "us-east-1", facts())
    cities = (MONTREAL, ASHBURN)
    answer = expansion_answer(settings, second, compared(*cities), load_assumptions(), cities, TODAY)
    assert "80.00 USD a month without a report" in answer.lead and says in answer.lead
    assert answer.tables[0].rows[0][:3] == ("1,000", "120.00", f"{180 + 1000 * (0.015 + each / 4):,.2f}")
    assert bool(answer.charts[0].marks) == (each == 0.01)
    assert any("Law 25" in note for note in answer.notes)
    assert answer.data["second_environment"] == "prod-us-east-1"


def test_real_prices_make_a_second_region_dearer() -> None:
    templates = [{"Resources": {"Alb": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer"}}}]
    found = payoff(changed("prod"), templates, "us-east-1", load_assumptions(), [MONTREAL, ASHBURN])
    assert found.idle_usd > 0.0225 * 730  # the load balancer
    assert found.points[0][2] > found.points[0][1]
