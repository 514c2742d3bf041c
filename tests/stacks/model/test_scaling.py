"""Pause, schedule, fallback LLM and mode: each changes only the resources that it is for."""

from datetime import time
from typing import Any

import pytest

from tests.stacks.assemblies import Assembly, assembled, changed

SCHEDULE = {
    "days": ["MON", "TUE", "WED", "THU", "FRI"],
    "start": time(8, 0),
    "stop": time(18, 30),
    "time_zone": "America/Toronto",
}
FALLBACK = {"model": "sees", "usd_per_mtok_input": 0.1, "usd_per_mtok_output": 0.5}
ENDPOINT = {
    "AWS::SageMaker::Endpoint",
    "AWS::CloudWatch::Alarm",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
}
Resources = dict[tuple[str, str], dict[str, Any]]


def declared(assembly: Assembly) -> Resources:
    """Return every resource by stack and logical id."""
    return {
        (stack, name): resource
        for stack in assembly.stacks
        for name, resource in assembly.template(stack)["Resources"].items()
    }


def different(one: Resources, other: Resources) -> set[tuple[str, str]]:
    """Return stack and type of each resource that differs or that only one side declares."""
    names = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    return {(name[0], (one.get(name) or other[name])["Type"]) for name in names}


@pytest.fixture(scope="module")
def paused() -> Assembly:
    return assembled(changed("prod", model={"paused": True}))


@pytest.fixture(scope="module")
def scheduled() -> Assembly:
    return assembled(changed("prod", model={"schedule": SCHEDULE}))


@pytest.fixture(scope="module")
def with_fallback() -> Assembly:
    return assembled(changed("prod", fallback_llm=FALLBACK))


def test_pause_deletes_the_endpoint_alone(prod: Assembly, paused: Assembly) -> None:
    running, stopped = declared(prod), declared(paused)
    gone = running.keys() - stopped.keys()
    assert {stack for stack, _ in gone} == {"model"}
    assert {running[name]["Type"] for name in gone} == ENDPOINT
    assert not stopped.keys() - running.keys()
    # The model's role no longer reads the deleted alarms.
    assert different({name: running[name] for name in stopped}, stopped) == {("model", "AWS::IAM::Policy")}


def test_pause_changes_one_stack(prod: Assembly, paused: Assembly) -> None:
    assert {stack for stack in prod.stacks if prod.template(stack) != paused.template(stack)} == {"model"}


def test_schedule_changes_minimum_capacity_alone(prod: Assembly, scheduled: Assembly) -> None:
    kind = "ApplicationAutoScaling::ScalableTarget"
    assert different(declared(prod), declared(scheduled)) == {("model", f"AWS::{kind}")}
    without, with_it = prod.only("model", kind), scheduled.only("model", kind)
    start, stop = with_it.pop("ScheduledActions")
    assert with_it == without
    assert start["Schedule"] == "cron(0 8 ? * MON,TUE,WED,THU,FRI *)"
    assert stop["Schedule"] == "cron(30 18 ? * MON,TUE,WED,THU,FRI *)"
    assert {start["Timezone"], stop["Timezone"]} == {"America/Toronto"}
    assert start["ScalableTargetAction"] == {"MinCapacity": 1, "MaxCapacity": 3}
    assert stop["ScalableTargetAction"] == {"MinCapacity": 0, "MaxCapacity": 3}


def test_fallback_llm_changes_jobs_variables_alone(prod: Assembly, with_fallback: Assembly) -> None:
    one, other = declared(prod), declared(with_fallback)
    assert different(one, other) == {("results", "AWS::Lambda::Function")}
    (name,) = [name for name in one if one[name] != other[name]]
    variables = other[name]["Properties"]["Environment"]["Variables"]
    gained = {key: variables.pop(key) for key in list(variables) if key.startswith("FALLBACK_LLM_")}
    assert gained == {
        "FALLBACK_LLM_MODEL": "sees",
        "FALLBACK_LLM_USD_PER_MTOK_INPUT": "0.1",
        "FALLBACK_LLM_USD_PER_MTOK_OUTPUT": "0.5",
    }
    assert other[name] == one[name]


def test_unscheduled_endpoint_scales_to_zero(prod: Assembly) -> None:
    target = prod.only("model", "ApplicationAutoScaling::ScalableTarget")
    assert target["MinCapacity"] == 0
    assert "ScheduledActions" not in target


@pytest.mark.parametrize("mode", ["async", "realtime"])
def test_mode_change_keeps_stateful_resources(prod: Assembly, mode: str) -> None:
    other = assembled(changed("prod", model={"mode": mode, "min_instances": 1}))
    for stack in ("storage", "gateway"):
        assert prod.template(stack) == other.template(stack)
    kept = ("AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket", "AWS::KMS::Key")
    assert not [kind for _, kind in different(declared(prod), declared(other)) if kind in kept]
