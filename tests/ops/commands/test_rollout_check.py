"""Whether the endpoint runs the configuration that was deployed."""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from botocore.stub import Stubber

from cli.errors import UserError, unless_denied
from ops.commands.internal_checks import rollout_check
from settings.environment import Environment
from tests.ops.conftest import Stubbed

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ARN = "arn:aws:sagemaker:ca-central-1:123456789012:endpoint"


def endpoint(stub: Stubber, config: str, status: str = "InService", **more: Any) -> None:
    answer = {
        "EndpointName": "blip2-endpoint",
        "EndpointArn": f"{ARN}/blip2-endpoint",
        "EndpointConfigName": config,
        "EndpointStatus": status,
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
        **more,
    }
    stub.add_response("describe_endpoint", answer, {"EndpointName": "blip2-endpoint"})


def stack(stub: Stubber, config: str) -> None:
    kinds = {"EndpointConfig": f"{ARN}-config/{config}", "Endpoint": f"{ARN}/blip2-endpoint"}
    summaries = [
        {
            "LogicalResourceId": kind,
            "PhysicalResourceId": physical_id,
            "ResourceType": f"AWS::SageMaker::{kind}",
            "LastUpdatedTimestamp": NOW,
            "ResourceStatus": "UPDATE_COMPLETE",
        }
        for kind, physical_id in kinds.items()
    ]
    params = {"StackName": "vitrine-shop-model"}
    stub.add_response("list_stack_resources", {"StackResourceSummaries": summaries}, params)


def test_deployed_configuration_is_in_service(settings: Environment, stubbed: Stubbed) -> None:
    (sagemaker, stub), (cloudformation, stacks) = stubbed("sagemaker"), stubbed("cloudformation")
    endpoint(stub, "Config-AbC1")
    stack(stacks, "config-abc1")
    assert "in service with Config-AbC1" in rollout_check(settings, sagemaker, cloudformation)


def test_other_configuration_was_rolled_back(settings: Environment, stubbed: Stubbed) -> None:
    (sagemaker, stub), (cloudformation, stacks) = stubbed("sagemaker"), stubbed("cloudformation")
    endpoint(stub, "Config-Old")
    stack(stacks, "Config-New")
    with pytest.raises(UserError, match="SageMaker rolled back to the old version; Cloud") as raised:
        rollout_check(settings, sagemaker, cloudformation)
    assert "alarms" in raised.value.hint
    assert "docs/operations.md" in raised.value.hint


def test_changing_endpoint_is_waited_for(
    settings: Environment, stubbed: Stubbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sagemaker, stub), (cloudformation, stacks) = stubbed("sagemaker"), stubbed("cloudformation")
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    for status in ("Updating", "RollingBack", "InService"):
        endpoint(stub, "Config-1", status)
    stack(stacks, "Config-1")
    rollout_check(settings, sagemaker, cloudformation)
    assert len(slept) == 2


def test_failed_endpoint_reports_its_reason(settings: Environment, stubbed: Stubbed) -> None:
    (sagemaker, stub), (cloudformation, stacks) = stubbed("sagemaker"), stubbed("cloudformation")
    endpoint(stub, "Config-1", "UpdateRollbackFailed", FailureReason="no capacity")
    stack(stacks, "Config-1")
    with pytest.raises(UserError, match="UpdateRollbackFailed, not InService: no capacity"):
        rollout_check(settings, sagemaker, cloudformation)


def test_denied_rollout_check_is_skipped(settings: Environment, stubbed: Stubbed) -> None:
    (sagemaker, stub), (cloudformation, _) = stubbed("sagemaker"), stubbed("cloudformation")
    stub.add_client_error("describe_endpoint", "AccessDeniedException", http_status_code=400)
    line = unless_denied(partial(rollout_check, settings, sagemaker, cloudformation))
    assert line == "! Not checked: these credentials may not call DescribeEndpoint."
