"""How instances follow the requests: the declared policies, and the decisions of single minutes."""

from datetime import time

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Template

from planning.latency import scaling
from planning.latency.endpoint import ASYNC_HANDS
from planning.latency.scaling import Bounds, TargetTracking
from settings.environment import load_environment
from settings.model import Day, Model, Schedule
from stacks.constructs.async_io import CONCURRENT_INVOCATIONS
from stacks.model import scaling as declared

MODEL = load_environment("prod").model


def policies(model: Model) -> dict[str, dict[str, object]]:
    stack = cdk.Stack(cdk.App(), "model")
    declared.scale(stack, model)
    template = Template.from_stack(stack).to_json()
    return {
        one["Properties"]["PolicyName"]: one["Properties"]
        for one in template["Resources"].values()
        if one["Type"] == "AWS::ApplicationAutoScaling::ScalingPolicy"
    }


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


def test_wake_starts_one_as_declared() -> None:
    step = policies(MODEL)["Wake"]["StepScalingPolicyConfiguration"]
    assert isinstance(step, dict)
    assert step["AdjustmentType"] == "ExactCapacity"
    assert [one["ScalingAdjustment"] for one in step["StepAdjustments"]] == [1]
    assert step["Cooldown"] == scaling.OUT_COOLDOWN_S
    assert CONCURRENT_INVOCATIONS == ASYNC_HANDS


def minutes(tracking: TargetTracking, count: int, running: int, backlog: int, least: int = 0) -> list[int]:
    return [tracking.wanted(60.0 * minute, running, least, 0, backlog) for minute in range(1, count + 1)]


def test_third_high_minute_scales_out() -> None:
    tracking = TargetTracking("async", Bounds(0, 10))
    assert minutes(tracking, 3, running=2, backlog=14) == [2, 2, 3]  # 7 each, where 5 are wanted


def test_maximum_is_never_passed() -> None:
    assert minutes(TargetTracking("async", Bounds(0, 3)), 3, running=2, backlog=900)[-1] == 3


def test_high_minutes_must_follow_each_other() -> None:
    tracking = TargetTracking("async", Bounds(0, 10))
    assert minutes(tracking, 2, running=1, backlog=9) == [1, 1]
    assert tracking.wanted(180, 1, 0, 0, 1) == 1
    assert tracking.wanted(240, 1, 0, 0, 9) == 1


def test_fifteenth_low_minute_scales_in_by_one() -> None:
    found = minutes(TargetTracking("async", Bounds(0, 10)), 15, running=3, backlog=3)
    assert found == [3] * 14 + [2]


def test_scale_in_waits_for_its_cooldown() -> None:
    tracking = TargetTracking("async", Bounds(0, 10))
    minutes(tracking, 15, running=3, backlog=0)
    assert [tracking.wanted(900 + 60.0 * minute, 2, 0, 0, 0) for minute in range(1, 11)] == [2] * 9 + [1]


def test_minimum_of_schedule_starts_an_instance() -> None:
    assert TargetTracking("async", Bounds(0, 3)).wanted(60, 0, 1, 0, 0) == 1
    assert minutes(TargetTracking("async", Bounds(0, 3)), 30, running=1, backlog=0, least=1) == [1] * 30


def test_sleeping_endpoint_without_backlog_stays() -> None:
    assert minutes(TargetTracking("async", Bounds(0, 3)), 5, running=0, backlog=0) == [0] * 5


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
