"""Regions in the order in which they suit an environment and its users."""

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from planning.answer import Answer
from planning.assumptions import load_assumptions
from planning.regions.answer import regions_answer
from planning.regions.facts import UnknownFactError, facts
from planning.regions.places import City, read_cities, region
from planning.regions.ranking import Candidate, moved, rank, round_trips
from planning.regions.residency import duties, laws, leaving
from planning.workload import Workload
from settings.environment import Environment
from tests.stacks.assemblies import changed, full_environment

TODAY = date(2026, 11, 27)
SEATTLE = City("Seattle", "US-WA", 47.61, -122.33, 1)
SYDNEY = City("Sydney", "AU-NSW", -33.87, 151.21, 1)
MONTREAL = City("Montréal", "CA-QC", 45.50, -73.57, 1)
TORONTO = City("Toronto", "CA-ON", 43.65, -79.38, 1)
TEMPLATES = [
    {
        "Resources": {
            "Alb": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer"},
            "Key": {"Type": "AWS::KMS::Key"},
            "Budget": {"Type": "AWS::Budgets::Budget"},
            "Notices": {"Type": "Custom::CDKBucketDeployment"},
        }
    }
]


@pytest.fixture(scope="module")
def workload() -> Workload:
    return Workload(10_000, load_assumptions())


def ranked(workload: Workload, *cities: City, settings: Environment | None = None) -> dict[str, Candidate]:
    """Rank the regions for these cities; the order is that of the keys."""
    found = rank(settings or changed("prod"), TEMPLATES, workload, cities or read_cities(), facts())
    return {one.place.region: one for one in found}


def test_canada_suits_canadians_best(workload: Workload) -> None:
    found = ranked(workload)
    assert list(found)[:4] == ["ca-central-1", "ca-west-1", "us-east-1", "us-west-2"]
    assert all(one.bill is None for one in list(found.values())[4:])
    # A load balancer's hour costs 0.02475 and 0.0225 USD; the model's too is cheaper there.
    assert found["ca-central-1"].bill and found["us-east-1"].bill
    assert found["ca-central-1"].bill.total - found["us-east-1"].bill.total > 0.00225 * 730
    assert found["ca-west-1"].lacks == ("Budgets", "Studio")


def test_each_duty_outweighs_the_price(workload: Workload) -> None:
    names = {region: [law.name for law in one.duties] for region, one in ranked(workload).items()}
    assert names["ca-central-1"] == []
    assert names["ca-west-1"] == ["Law 25"]
    assert names["us-east-1"] == ["Law 25", "PIPEDA"]


def test_law_25_protects_quebeckers_alone() -> None:
    calgary, ashburn = region("ca-west-1"), region("us-east-1")
    assert duties([TORONTO], calgary) == ()
    assert [law.name for law in duties([TORONTO], ashburn)] == ["PIPEDA"]
    assert [law.name for law in duties([MONTREAL], calgary)] == ["Law 25"]
    assert duties([replace(MONTREAL, weight=0), SEATTLE], ashburn) == ()


def test_transfer_assessment_has_its_parts() -> None:
    (law,) = (one for one in laws() if one.name == "Law 25")
    needs = " ".join(law.needs)  # the four of s. 17, the conclusion and the agreement
    for word in ("sensitivity", "purposes", "protection", "law of the place", "adequately", "agreement"):
        assert word in needs
    assert len(law.needs) == 6


def test_americans_go_where_it_is_near(workload: Workload) -> None:
    found = ranked(workload, SEATTLE)
    assert next(iter(found)) == "us-west-2"
    assert not any(one.duties for one in found.values())


def test_far_region_comes_after_a_dearer_near_one(workload: Workload) -> None:
    # From Sydney every priced region is farther than a tenth of the goal, so price decides.
    found = ranked(workload, SYDNEY)
    assert found["us-west-2"].network_s > 1
    assert next(iter(found)) in ("us-west-2", "us-east-1")


def test_gpu_rules_calgary_out(workload: Workload) -> None:
    found = ranked(workload, settings=full_environment())  # ml.g4dn.xlarge
    assert found["ca-west-1"].missing == ("ml.g4dn.xlarge for hosting",)
    assert found["ca-west-1"].gpu_types == ()
    assert list(found).index("ca-west-1") > list(found).index("us-west-2")


def test_missing_service_rules_a_region_out(workload: Workload) -> None:
    found = ranked(workload)
    assert found["me-central-1"].usable  # these templates have no endpoint
    templates = [{"Resources": {"Model": {"Type": "AWS::SageMaker::Model"}}}]
    ranking = rank(changed("prod"), templates, workload, read_cities(), facts())
    (dubai,) = (one for one in ranking if one.place.region == "me-central-1")
    assert dubai.missing == ("AWS::SageMaker::Model",)


def test_unknown_resource_type_stops(workload: Workload) -> None:
    templates = [{"Resources": {"A": {"Type": "AWS::RDS::DBInstance"}}}]
    with pytest.raises(UnknownFactError, match="AWS::RDS::DBInstance"):
        rank(changed("prod"), templates, workload, read_cities(), facts())


def test_price_of_the_region_is_taken() -> None:
    prod = changed("prod", model={"usd_per_hour": 0.5})
    assert moved(prod, "ca-central-1") == prod
    assert moved(prod, "us-east-1").model.usd_per_hour == pytest.approx(0.115)


def test_round_trips_by_slow_start(workload: Workload) -> None:
    # 10 segments at first, twice as many in each round trip: 14.6 KB, 29.2, 58.4 …
    photos = workload.assumptions.photos
    sigma = math.log(photos.sent_kb.p90 / photos.sent_kb.median) / 1.2815515655
    left = photos.mean_per_report * photos.sent_kb.median * math.exp(sigma**2 / 2)
    window, trips = 14.6, 0
    while left > 0:
        left, window, trips = left - window, window * 2, trips + 1
    assert round_trips(photos) == 2 + trips


def answer(workload: Workload, settings: Environment | None = None, **more: Any) -> Answer:
    return regions_answer(settings or changed("prod"), TEMPLATES, workload, read_cities(), TODAY, **more)


def test_answer_says_where_and_why(workload: Workload) -> None:
    found = answer(workload)
    assert found.lead.startswith("ca-central-1 (Montréal) suits best, at ")
    assert found.lead.endswith("prod is there.")
    assert any(note.startswith("10 ms between two regions do not matter") for note in found.notes)
    assert any("estimated" in note for note in found.notes)
    assert any("cfn-lint" in note for note in found.notes)
    assert any("Prices in ca-west-1 assumed" in note for note in found.notes)
    data: Any = found.data["regions"]
    assert [one["region"] for one in data] == [row[0] for row in found.tables[0].rows]


def test_answer_names_what_a_region_lacks(workload: Workload) -> None:
    rows = {row[0]: row for row in answer(workload, full_environment()).tables[0].rows}
    assert rows["ca-west-1"][2] == "no: ml.g4dn.xlarge for hosting"
    assert rows["ca-west-1"][3] == "none"
    assert rows["ca-central-1"][3] == "g4dn, g5, g6"
    assert rows["us-east-2"][4] == "no prices"


def test_answer_says_what_a_move_would_save(workload: Workload) -> None:
    away = changed("prod", region="us-east-1", zones=("us-east-1a", "us-east-1b"))
    assert (
        "prod is in us-east-1 (Ashburn): keeping data there asks for a transfer"
        in answer(workload, away).lead
    )


def test_every_region_on_demand(workload: Workload) -> None:
    assert len(answer(workload).tables[0].rows) < 10
    assert len(answer(workload, every=True).tables[0].rows) == len(facts().regions)


def test_share_of_measured_users_is_said(workload: Workload) -> None:
    measured = {(city.city, name): 10.0 for city in read_cities() for name in facts().regions}
    found = answer(workload, measured=measured)
    assert not any("estimated:" in note for note in found.notes)
    assert {row[6] for row in found.tables[0].rows} == {"10 ms"}


def test_other_places_of_the_data_are_said() -> None:
    assert any("[fallback_llm] sends photos" in one for one in leaving(full_environment()))
    assert not any("photos" in one for one in leaving(changed("prod", web=None)))
