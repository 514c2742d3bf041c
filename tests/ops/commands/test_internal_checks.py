"""Behind the public address: healthy tasks, and an endpoint that answers the service's request."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber
from rich.console import Console

from cli.errors import UserError
from ops.commands.internal_checks import healthy_targets, internal_checks
from settings.environment import Environment
from tests.ops.commands.test_endpoint_checks import BUCKET, answered_later
from tests.ops.conftest import Stubbed, make_settings

GROUP = "arn:aws:elasticloadbalancing:ca-central-1:123456789012:targetgroup/vitri-Targe/0123456789abcdef"


def group(stub: Stubber) -> None:
    summary = {
        "LogicalResourceId": "Targets",
        "PhysicalResourceId": GROUP,
        "ResourceType": "AWS::ElasticLoadBalancingV2::TargetGroup",
        "LastUpdatedTimestamp": datetime(2026, 11, 1, tzinfo=UTC),
        "ResourceStatus": "CREATE_COMPLETE",
    }
    params = {"StackName": "vitrine-shop-analyze"}
    stub.add_response("list_stack_resources", {"StackResourceSummaries": [summary]}, params)


def health(stub: Stubber, *states: str) -> None:
    targets = [
        {"TargetHealth": {"State": state} | ({} if state == "healthy" else {"Reason": "Target.Timeout"})}
        for state in states
    ]
    answer = {"TargetHealthDescriptions": targets}
    stub.add_response("describe_target_health", answer, {"TargetGroupArn": GROUP})


def test_one_healthy_task_is_enough(settings: Environment, stubbed: Stubbed) -> None:
    (cloudformation, stacks), (balancers, targets) = stubbed("cloudformation"), stubbed("elbv2")
    group(stacks)
    health(targets, "initial", "healthy")
    assert healthy_targets(settings, cloudformation, balancers).startswith("✓ 1 of 2 tasks")


@pytest.mark.parametrize(
    ("states", "expected"), [(("unhealthy",), r"unhealthy \(Target.Timeout\)"), ((), "none is registered")]
)
def test_unhealthy_tasks_fail_with_states(
    settings: Environment, stubbed: Stubbed, states: tuple[str, ...], expected: str
) -> None:
    (cloudformation, stacks), (balancers, targets) = stubbed("cloudformation"), stubbed("elbv2")
    group(stacks)
    health(targets, *states)
    with pytest.raises(UserError, match=expected):
        healthy_targets(settings, cloudformation, balancers)


def test_absent_stack_has_no_targets(settings: Environment, stubbed: Stubbed) -> None:
    (cloudformation, stacks), (balancers, _) = stubbed("cloudformation"), stubbed("elbv2")
    stacks.add_client_error("list_stack_resources", "ValidationError", "does not exist")
    with pytest.raises(UserError, match="vitrine-shop-analyze holds no target group"):
        healthy_targets(settings, cloudformation, balancers)


class Account:
    """A session that hands out the stubbed clients."""

    def __init__(self, **clients: Any) -> None:
        self._clients = clients

    def client(self, service: str, **_: Any) -> Any:
        return self._clients[service.replace("-", "_")]


def check(settings: Environment, session: Any, *, ask_async: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, highlight=False, markup=False, soft_wrap=True)
    internal_checks(settings, session, console, ask_async=ask_async)
    return out.getvalue()


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"paused": True}, "! The endpoint was not tried: model.paused is true"),
        ({"mode": "async"}, "- The endpoint is asked by the photo below."),
    ],
)
def test_paused_or_async_endpoint_is_skipped(stubbed: Stubbed, model: dict[str, Any], expected: str) -> None:
    (cloudformation, stacks), (balancers, targets) = stubbed("cloudformation"), stubbed("elbv2")
    group(stacks)
    health(targets, "healthy")
    session = Account(cloudformation=cloudformation, elbv2=balancers)
    shown = check(make_settings(model=model), session)
    assert expected in shown


def test_async_endpoint_is_asked_without_a_user(stubbed: Stubbed) -> None:
    (cloudformation, stacks), (balancers, targets) = stubbed("cloudformation"), stubbed("elbv2")
    (runtime, calls), (ssm, parameters), (s3, objects) = (
        stubbed(name) for name in ("sagemaker-runtime", "ssm", "s3")
    )
    group(stacks)
    health(targets, "healthy")
    parameters.add_response(
        "get_parameter", {"Parameter": {"Value": BUCKET}}, {"Name": "/vitrine/shop/exchange-bucket"}
    )
    answered_later(calls, objects, after=0)
    session = Account(
        cloudformation=cloudformation, elbv2=balancers, ssm=ssm, s3=s3, sagemaker_runtime=runtime
    )
    shown = check(make_settings(model={"mode": "async"}), session, ask_async=True)
    assert "✓ the endpoint blip2-endpoint sees:" in shown


def test_denied_checks_are_skipped(settings: Environment, stubbed: Stubbed) -> None:
    (cloudformation, stacks), (balancers, targets) = stubbed("cloudformation"), stubbed("elbv2")
    runtime, stub = stubbed("sagemaker-runtime")
    group(stacks)
    targets.add_client_error("describe_target_health", "AccessDenied", http_status_code=403)
    stub.add_client_error("invoke_endpoint", "AccessDeniedException", http_status_code=403)
    session = Account(cloudformation=cloudformation, elbv2=balancers, sagemaker_runtime=runtime)
    assert check(settings, session) == (
        "! Not checked: these credentials may not call DescribeTargetHealth.\n"
        "! Not checked: these credentials may not call InvokeEndpoint.\n"
    )
