"""Behind the public address: healthy tasks, and an endpoint that answers the service's request."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from rich.console import Console

from cli.errors import UserError
from ops.commands.internal_checks import SAMPLE, endpoint_answers, healthy_targets, internal_checks
from services.core.domain.observation import vocabulary
from services.core.photos.photo import prepare
from services.core.vision.endpoint import request_body
from settings.environment import Environment
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


def answer() -> bytes:
    words = vocabulary()
    seen = dict.fromkeys(words.type.candidates, 0.01) | {words.type.candidates[1]: 0.9}
    return json.dumps(
        {
            "answers": [
                {"id": "type", "scores": [seen]},
                {"id": "material", "scores": [dict.fromkeys(words.material.candidates, 0.1)]},
                {"id": "wear", "scores": [dict.fromkeys(words.wear.candidates, 0.5)]},
            ],
            "caption": "a mug",
            "artifact": "demo-000000000000",
        }
    ).encode()


def invoked(stub: Stubber, body: bytes) -> None:
    params = {
        "EndpointName": "blip2-endpoint",
        "ContentType": "application/json",
        "Accept": "application/json",
        "Body": request_body([prepare(SAMPLE.read_bytes(), "sample").model_jpeg]),
    }
    stream: Any = StreamingBody(io.BytesIO(body), len(body))
    stub.add_response("invoke_endpoint", {"Body": stream}, params)


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


def test_endpoint_gets_the_services_request(settings: Environment, stubbed: Stubbed) -> None:
    runtime, stub = stubbed("sagemaker-runtime")
    invoked(stub, answer())
    expected = endpoint_answers(settings, runtime)
    assert vocabulary().type.candidates[1] in expected
    assert "demo-000000000000" in expected


def test_invalid_answer_fails(settings: Environment, stubbed: Stubbed) -> None:
    runtime, stub = stubbed("sagemaker-runtime")
    invoked(stub, b"{}")
    with pytest.raises(UserError, match="gives no valid answer") as raised:
        endpoint_answers(settings, runtime)
    assert "/aws/sagemaker/Endpoints/blip2-endpoint" in raised.value.hint


def test_failing_container_fails(settings: Environment, stubbed: Stubbed) -> None:
    runtime, stub = stubbed("sagemaker-runtime")
    stub.add_client_error(
        "invoke_endpoint", "ModelError", "a traceback", 424, modeled_fields={"OriginalStatusCode": 500}
    )
    with pytest.raises(UserError, match="answered ModelError") as raised:
        endpoint_answers(settings, runtime)
    assert "traceback" not in str(raised.value)


class Account:
    """A session that hands out the stubbed clients."""

    def __init__(self, **clients: Any) -> None:
        self._clients = clients

    def client(self, service: str, **_: Any) -> Any:
        return self._clients[service.replace("-", "_")]


def check(settings: Environment, session: Any) -> str:
    out = io.StringIO()
    internal_checks(settings, session, Console(file=out, highlight=False, markup=False, soft_wrap=True))
    return out.getvalue()


@pytest.mark.parametrize(
    ("model", "expected"),
    [({"paused": True}, "model.paused is true"), ({"mode": "async"}, "it is asynchronous")],
)
def test_paused_or_async_endpoint_is_skipped(stubbed: Stubbed, model: dict[str, Any], expected: str) -> None:
    (cloudformation, stacks), (balancers, targets) = stubbed("cloudformation"), stubbed("elbv2")
    group(stacks)
    health(targets, "healthy")
    session = Account(cloudformation=cloudformation, elbv2=balancers)
    shown = check(make_settings(model=model), session)
    assert f"! The endpoint was not tried: {expected}" in shown


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
