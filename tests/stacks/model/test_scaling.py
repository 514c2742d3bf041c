"""What a pause, a schedule and a bridge change in an environment: what each is for, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from settings.environment import Environment, load_environment
from tests.stacks.conftest import Assembly

SCHEDULE = {
    "days": ["MON", "TUE", "WED", "THU", "FRI"],
    "start": "08:00:00",
    "stop": "18:30:00",
    "time_zone": "America/Toronto",
}
BRIDGE = {"llm": "sees", "usd_per_mtok_input": 0.1, "usd_per_mtok_output": 0.5}
ENDPOINT = {
    "AWS::SageMaker::Endpoint",
    "AWS::CloudWatch::Alarm",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
}
Resources = dict[tuple[str, str], dict[str, Any]]


def changed(section: str, change: dict[str, Any]) -> Environment:
    """prod's settings with some of a section's keys changed, as a file would say it."""
    values = load_environment("prod").model_dump(mode="json")
    values[section] = (values[section] or {}) | change
    return Environment.model_validate_json(json.dumps(values))


def declared(assembly: Assembly) -> Resources:
    """Every resource of every stack, by stack and logical id."""
    return {
        (stack, name): resource
        for stack in assembly.stacks
        for name, resource in assembly.template(stack)["Resources"].items()
    }


def different(one: Resources, other: Resources) -> set[tuple[str, str]]:
    """The stack and type of what only one declares, or each differently."""
    names = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    return {(name[0], (one.get(name) or other[name])["Type"]) for name in names}


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return Assembly(changed("model", {"paused": True}), tmp_path_factory.mktemp("paused"))


@pytest.fixture(scope="module")
def scheduled(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return Assembly(changed("model", {"schedule": SCHEDULE}), tmp_path_factory.mktemp("scheduled"))


@pytest.fixture(scope="module")
def bridged(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return Assembly(changed("fallback_llm", BRIDGE), tmp_path_factory.mktemp("bridged"))


def test_a_pause_takes_the_endpoint_what_scales_it_and_its_alarms_and_nothing_else(
    prod: Assembly, paused: Assembly
) -> None:
    running, stopped = declared(prod), declared(paused)
    gone = running.keys() - stopped.keys()
    assert {stack for stack, _ in gone} == {"model"}
    assert {running[name]["Type"] for name in gone} == ENDPOINT
    assert not stopped.keys() - running.keys()
    # The model's role loses its right to see the alarms that are gone.
    assert different({name: running[name] for name in stopped}, stopped) == {("model", "AWS::IAM::Policy")}


def test_a_pause_and_its_end_leave_nothing_else_to_deploy_than_the_models_stack(
    prod: Assembly, paused: Assembly
) -> None:
    assert {stack for stack in prod.stacks if prod.template(stack) != paused.template(stack)} == {"model"}


def test_a_schedule_changes_how_many_instances_there_are_at_least_and_nothing_else(
    prod: Assembly, scheduled: Assembly
) -> None:
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


def test_a_bridge_changes_what_the_jobs_are_told_and_nothing_else(prod: Assembly, bridged: Assembly) -> None:
    one, other = declared(prod), declared(bridged)
    assert different(one, other) == {("results", "AWS::Lambda::Function")}
    (name,) = [name for name in one if one[name] != other[name]]
    told = other[name]["Properties"]["Environment"]["Variables"]
    gained = {key: told.pop(key) for key in list(told) if key.startswith("BRIDGE_")}
    assert gained == {
        "BRIDGE_LLM": "sees",
        "BRIDGE_USD_PER_MTOK_INPUT": "0.1",
        "BRIDGE_USD_PER_MTOK_OUTPUT": "0.5",
    }
    assert other[name] == one[name]


def test_an_endpoint_without_a_schedule_sleeps_until_somebody_asks(prod: Assembly) -> None:
    target = prod.only("model", "ApplicationAutoScaling::ScalableTarget")
    assert target["MinCapacity"] == 0
    assert "ScheduledActions" not in target


@pytest.mark.parametrize("mode", ["async", "realtime"])
def test_another_mode_leaves_alone_what_keeps_anything(prod: Assembly, mode: str, tmp_path: Path) -> None:
    other = Assembly(changed("model", {"mode": mode, "min_instances": 1}), tmp_path)
    for stack in ("storage", "gateway"):
        assert prod.template(stack) == other.template(stack)
    kept = ("AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket", "AWS::KMS::Key")
    assert not [kind for _, kind in different(declared(prod), declared(other)) if kind in kept]
