"""How instances follow the requests: the declared policies, and the decisions of single minutes."""

from datetime import time
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from planning.latency import scaling
from planning.latency.endpoint import ASYNC_HANDS
from planning.latency.scaling import Bounds, Policies
from settings.environment import load_environment
from settings.model import Day, Model, Schedule
from stacks.constructs.async_io import CONCURRENT_INVOCATIONS
from stacks.model import scaling as declared

MODEL = load_environment("prod").model


def resources(model: Model) -> dict[str, dict[str, Any]]:
    stack = cdk.Stack(cdk.App(), "model")
    declared.scale(stack, model)
    template = Template.from_stack(stack).to_json()
    return {name: one["Properties"] for name, one in template["Resources"].items()}


def policies(model: Model) -> dict[str, dict[str, object]]:
    return {one["PolicyName"]: one for one in resources(model).values() if "PolicyName" in one}


@pytest.mark.parametrize(
    ("changes", "name", "target"),
    [
        ({}, "FollowBacklog", scaling.BACKLOG),
        ({"mode": "realtime", "min_instances": 1}, "FollowRequests", scaling.REQUESTS_PER_MINUTE),
    ],
    ids=["async", "realtime"],
)
def test_policies_are_the_declared_ones(changes: dict[str, object], name: str, target: int) -> None:
    policy = policies(MODEL.model_copy(update=changes))[name]["TargetTrackingScalingPolicyConfiguration"]
    assert isinstance(policy, dict)
    assert policy["TargetValue"] == target
    assert policy["ScaleOutCooldown"] == scaling.OUT_COOLDOWN_S
    assert policy["ScaleInCooldown"] == scaling.IN_COOLDOWN_S
    assert policy.get("DisableScaleIn", False) is (name == "FollowBacklog")


def test_sleep_and_shrink_are_the_declared_ones() -> None:
    found = resources(MODEL)
    sleep, shrink = (found[name]["StepScalingPolicyConfiguration"] for name in ("Sleep", "Shrink"))
    assert [one["ScalingAdjustment"] for one in sleep["StepAdjustments"]] == [0]
    assert [one["ScalingAdjustment"] for one in shrink["StepAdjustments"]] == [-1]
    assert shrink["Cooldown"] == scaling.IN_COOLDOWN_S
    idle, spare = (next(found[one] for one in found if one.startswith(name)) for name in ("Idle", "Spare"))
    assert idle["EvaluationPeriods"] == scaling.IDLE_MINUTES
    assert spare["EvaluationPeriods"] == scaling.LOW_MINUTES
    assert f"< {scaling.LOW_SHARE * scaling.BACKLOG}," in spare["Metrics"][0]["Expression"]


def test_wake_starts_one_as_declared() -> None:
    step = policies(MODEL)["Wake"]["StepScalingPolicyConfiguration"]
    assert isinstance(step, dict)
    assert step["AdjustmentType"] == "ExactCapacity"
    assert [one["ScalingAdjustment"] for one in step["StepAdjustments"]] == [1]
    assert step["Cooldown"] == scaling.OUT_COOLDOWN_S
    assert CONCURRENT_INVOCATIONS == ASYNC_HANDS


def minutes(
    found: Policies, count: int, running: int, backlog: int, *, least: int = 0, answered: int = 1
) -> list[int]:
    return [found.wanted(60.0 * minute, running, least, answered, backlog) for minute in range(1, count + 1)]


def test_third_high_minute_scales_out() -> None:
    found = Policies("async", Bounds(0, 10))
    assert minutes(found, 3, running=2, backlog=14) == [2, 2, 3]  # 7 each, where 5 are wanted


def test_maximum_is_never_passed() -> None:
    assert minutes(Policies("async", Bounds(0, 3)), 3, running=2, backlog=900)[-1] == 3


def test_high_minutes_must_follow_each_other() -> None:
    found = Policies("async", Bounds(0, 10))
    assert minutes(found, 2, running=1, backlog=9) == [1, 1]
    assert found.wanted(180, 1, 0, 0, 1) == 1
    assert found.wanted(240, 1, 0, 0, 9) == 1


@pytest.mark.parametrize("least", [0, 1], ids=["from zero", "from one"])
def test_fifteenth_low_minute_scales_in_by_one(least: int) -> None:
    found = minutes(Policies("async", Bounds(least, 10)), 15, running=3, backlog=3)
    assert found == [3] * 14 + [2]


def test_scale_in_waits_for_its_cooldown() -> None:
    found = Policies("async", Bounds(0, 10))
    minutes(found, 15, running=4, backlog=0)
    assert [found.wanted(900 + 60.0 * minute, 3, 0, 1, 0) for minute in range(1, 11)] == [3] * 9 + [2]


def test_steady_requests_keep_one_instance() -> None:
    assert minutes(Policies("async", Bounds(0, 3)), 600, running=1, backlog=0) == [1] * 600


@pytest.mark.parametrize("running", [1, 3])
def test_fifteenth_idle_minute_leaves_none(running: int) -> None:
    found = minutes(Policies("async", Bounds(0, 3)), 15, running=running, backlog=0, answered=0)
    assert found == [running] * 14 + [0]


def test_request_restarts_the_idle_minutes() -> None:
    found = Policies("async", Bounds(0, 3))
    assert minutes(found, 14, running=1, backlog=0, answered=0) == [1] * 14
    assert found.wanted(900, 1, 0, 1, 0) == 1
    assert minutes(found, 15, running=1, backlog=0, answered=0) == [1] * 14 + [0]


def test_minimum_of_one_never_sleeps() -> None:
    assert minutes(Policies("async", Bounds(1, 3)), 60, running=1, backlog=0, least=1, answered=0) == [1] * 60


def test_hours_of_schedule_keep_an_instance() -> None:
    found = Policies("async", Bounds(0, 3))
    assert found.wanted(60, 0, 1, 0, 0) == 1
    assert minutes(found, 30, running=1, backlog=0, least=1, answered=0) == [1] * 30
    assert found.wanted(1860, 1, 0, 0, 0) == 0  # the first minute after the hours


def test_sleeping_endpoint_without_backlog_stays() -> None:
    assert minutes(Policies("async", Bounds(0, 3)), 5, running=0, backlog=0, answered=0) == [0] * 5


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (scaling.DAYS, "from 09:30 to 17:00"),
        (("MON", "TUE", "WED", "THU", "FRI"), "from 09:30 to 17:00, Mon to Fri"),
        (("MON", "WED", "SAT"), "from 09:30 to 17:00, Mon, Wed, Sat"),
        (("SUN",), "from 09:30 to 17:00, Sun"),
    ],
)
def test_hours_are_said_with_their_days(days: tuple[Day, ...], says: str) -> None:
    hours = Schedule(days=days, start=time(9, 30), stop=time(17), time_zone="America/Toronto")
    assert scaling.spoken_hours(hours) == says
