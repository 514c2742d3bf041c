"""The endpoint's name and log are ours, and it can be updated to the settings."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from ops.doctor.account import endpoint_logs, endpoint_name
from settings.environment import Environment
from tests.ops.conftest import Stubbed, levels, make_settings

ARN = "arn:aws:sagemaker:ca-central-1:123456789012:endpoint/blip2-endpoint"
STACK = {"StackName": "vitrine-shop-model"}
LOG = "/aws/sagemaker/Endpoints/blip2-endpoint"
SCALING = "AWS::ApplicationAutoScaling::ScalableTarget"


def endpoint() -> dict[str, Any]:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return {
        "EndpointName": "blip2-endpoint",
        "EndpointArn": ARN,
        "EndpointConfigName": "Config-1",
        "EndpointStatus": "InService",
        "CreationTime": now,
        "LastModifiedTime": now,
    }


def resource(physical_id: str, kind: str = "AWS::SageMaker::Endpoint") -> dict[str, Any]:
    return {
        "LogicalResourceId": "Endpoint",
        "PhysicalResourceId": physical_id,
        "ResourceType": kind,
        "LastUpdatedTimestamp": datetime(2026, 11, 1, tzinfo=UTC),
        "ResourceStatus": "CREATE_COMPLETE",
    }


def stack(stub: Stubber, *resources: dict[str, Any]) -> None:
    stub.add_response("list_stack_resources", {"StackResourceSummaries": list(resources)}, STACK)


def config(stub: Stubber, instance_type: str = "ml.t2.medium", *, asynchronous: bool = False) -> None:
    answer: dict[str, Any] = {
        "EndpointConfigName": "Config-1",
        "EndpointConfigArn": f"{ARN}-config",
        "CreationTime": datetime(2026, 11, 1, tzinfo=UTC),
        "ProductionVariants": [{"VariantName": "AllTraffic", "InstanceType": instance_type}],
    }
    if asynchronous:
        answer["AsyncInferenceConfig"] = {"OutputConfig": {"S3OutputPath": "s3://exchange/answers"}}
    stub.add_response("describe_endpoint_config", answer, {"EndpointConfigName": "Config-1"})


def test_free_name_is_ok(settings: Environment, stubbed: Stubbed) -> None:
    (sagemaker, stub), (cloudformation, _) = stubbed("sagemaker"), stubbed("cloudformation")
    stub.add_client_error("describe_endpoint", "ValidationException", "Could not find endpoint")
    (finding,) = endpoint_name(settings, sagemaker, cloudformation)
    assert (finding.level, finding.text) == ("ok", "blip2-endpoint is free")


@pytest.mark.parametrize(("owned", "level"), [(ARN, "ok"), ("arn:other", "failure"), (None, "failure")])
def test_only_our_endpoint_may_exist(
    settings: Environment, stubbed: Stubbed, owned: str | None, level: str
) -> None:
    (sagemaker, stub), (cloudformation, stacks) = stubbed("sagemaker"), stubbed("cloudformation")
    stub.add_response("describe_endpoint", endpoint(), {"EndpointName": "blip2-endpoint"})
    if owned is None:
        stacks.add_client_error("list_stack_resources", "ValidationError", "does not exist")
    else:
        stack(stacks, resource(owned))
    if owned == ARN:
        config(stub)
    (finding,) = endpoint_name(settings, sagemaker, cloudformation)
    assert finding.level == level
    assert ("model.endpoint_name" in finding.hint) == (level == "failure")


@pytest.mark.parametrize(
    ("runs", "scales", "model", "level"),
    [
        ("ml.g4dn.xlarge", True, {}, "failure"),
        ("ml.g4dn.xlarge", False, {}, None),
        ("ml.g4dn.xlarge", False, {"instance_type": "ml.m5.large", "max_instances": 2}, None),
        ("ml.t2.medium", True, {}, None),
    ],
)
def test_scaling_endpoint_keeps_instance_type(
    stubbed: Stubbed, runs: str, scales: bool, model: dict[str, Any], level: str | None
) -> None:
    (sagemaker, stub), (cloudformation, stacks) = stubbed("sagemaker"), stubbed("cloudformation")
    stub.add_response("describe_endpoint", endpoint())
    stack(stacks, resource(ARN), *([resource("endpoint/blip2|scaling", SCALING)] if scales else []))
    config(stub, runs)
    findings = list(endpoint_name(make_settings(model=model), sagemaker, cloudformation))
    assert levels(findings) == (["ok", level] if level else ["ok"])
    if level:
        assert "runs on ml.g4dn.xlarge" in findings[1].text
        assert findings[1].hint == "Set model.paused = true, deploy, then set it to false again."


@pytest.mark.parametrize(("asynchronous", "mode"), [(True, "realtime"), (False, "async")])
def test_other_mode_is_refused(stubbed: Stubbed, asynchronous: bool, mode: str) -> None:
    (sagemaker, stub), (cloudformation, stacks) = stubbed("sagemaker"), stubbed("cloudformation")
    stub.add_response("describe_endpoint", endpoint())
    stack(stacks, resource(ARN))
    config(stub, asynchronous=asynchronous)
    findings = list(endpoint_name(make_settings(model={"mode": mode}), sagemaker, cloudformation))
    assert levels(findings) == ["ok", "failure"]
    assert f"model.mode says {mode}" in findings[1].text
    assert "model.paused = true" in findings[1].hint


def test_paused_endpoint_may_differ(stubbed: Stubbed) -> None:
    (sagemaker, stub), (cloudformation, stacks) = stubbed("sagemaker"), stubbed("cloudformation")
    stub.add_response("describe_endpoint", endpoint())
    stack(stacks, resource(ARN))
    settings = make_settings(model={"paused": True, "instance_type": "ml.m5.large"})
    assert levels(endpoint_name(settings, sagemaker, cloudformation)) == ["ok"]


@pytest.mark.parametrize(
    ("there", "owned", "foreign"),
    [
        ([], None, []),
        ([f"{LOG}-2"], None, []),
        ([LOG], LOG, []),
        ([LOG], "/other", [LOG]),
        ([f"{LOG}-2", LOG], "/other", [LOG]),
        # A release by a version whose model stack did not make the canary's.
        ([LOG, f"{LOG}-canary"], LOG, [f"{LOG}-canary"]),
        ([LOG, f"{LOG}-canary"], "/other", [LOG, f"{LOG}-canary"]),
    ],
)
def test_foreign_log_group_fails(
    settings: Environment, stubbed: Stubbed, there: list[str], owned: str | None, foreign: list[str]
) -> None:
    (logs, stub), (cloudformation, stacks) = stubbed("logs"), stubbed("cloudformation")
    groups = [{"logGroupName": name} for name in there]
    stub.add_response("describe_log_groups", {"logGroups": groups}, {"logGroupNamePrefix": LOG})
    if owned is not None:
        stack(stacks, resource(owned, "AWS::Logs::LogGroup"))
    findings = list(endpoint_logs(settings, logs, cloudformation))
    assert len(findings) == 2
    failed = [finding for finding in findings if finding.level != "ok"]
    assert [finding.hint.rpartition(" ")[2] for finding in failed] == [f"{name}`." for name in foreign]
    assert all("delete-log-group --region ca-central-1 --log-group-name" in one.hint for one in failed)
