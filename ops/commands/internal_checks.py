"""Checks behind the public address, made with the operator's own credentials."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from botocore.config import Config

from cli.errors import UserError, unless_denied
from cli.progress import Steps
from ops.aws.account import QUICK, physical_ids, resources
from ops.commands.endpoint_checks import async_answers, realtime_answers
from settings.naming import parameter_name, stack_name

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef
    from rich.console import Console

    from settings.environment import Environment

# Longer than the 60 s after which SageMaker ends a call, so that its error arrives.
_RUNTIME = Config(retries={"mode": "standard", "max_attempts": 2}, connect_timeout=5, read_timeout=65)
_ROLLED_BACK = (
    "The alarms of the model stack and the endpoint's log say why the new version was rolled back. To deploy "
    "it all the same, pause and resume: docs/operations.md, “Pause and resume”."
)
# Scaling is an update too; it takes as long as an instance takes to start.
_CHANGING = ("Updating", "SystemUpdating", "RollingBack")
_WITHIN_S, _POLL_S = 1800.0, 10.0


def internal_checks(
    settings: Environment, session: boto3.Session, console: Console, *, ask_async: bool = True
) -> None:
    """Check that the load balancer has healthy targets, and that the endpoint answers about the sample photo.

    An async endpoint is asked only with `ask_async`: it may have to wake first, once is enough. A check whose
    call these credentials may not make is skipped with a line that says so. Raises UserError for the first
    check that fails.
    """
    console.print(unless_denied(partial(_targets, settings, session)))
    with Steps(console) as steps:
        console.print(unless_denied(partial(_endpoint, settings, session, steps, ask_async=ask_async)))


def _targets(settings: Environment, session: boto3.Session) -> str:
    cloudformation = session.client("cloudformation", config=QUICK)
    return healthy_targets(settings, cloudformation, session.client("elbv2", config=QUICK))


def _endpoint(settings: Environment, session: boto3.Session, steps: Steps, *, ask_async: bool) -> str:
    model = settings.model
    if model.paused:
        return "! The endpoint was not tried: model.paused is true, so there is none."
    if model.mode == "async" and not ask_async:
        return "- The endpoint is asked by the photo below."
    runtime = session.client("sagemaker-runtime", config=_RUNTIME)
    if model.mode == "realtime":
        return realtime_answers(settings, runtime)
    name = parameter_name(settings.name, "ExchangeBucket")
    parameter = session.client("ssm", config=QUICK).get_parameter(Name=name)["Parameter"]
    s3 = session.client("s3", config=QUICK)
    return async_answers(settings, runtime, s3, parameter["Value"], steps)


def healthy_targets(
    settings: Environment, cloudformation: CloudFormationClient, balancers: ElasticLoadBalancingv2Client
) -> str:
    """Return how many tasks the load balancer sends requests to; raise UserError when there is none."""
    stack = stack_name(settings.name, "analyze")
    groups = physical_ids(resources(cloudformation, stack), "AWS::ElasticLoadBalancingV2::TargetGroup")
    if not groups:
        raise UserError(f"{stack} holds no target group.", hint=f"Run `make deploy ENV={settings.name}`.")
    targets = [
        target["TargetHealth"]
        for group in groups
        for target in balancers.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    ]
    healthy = sum(target.get("State") == "healthy" for target in targets)
    if not healthy:
        states = [f"{target.get('State')} ({target.get('Reason', 'no reason')})" for target in targets]
        raise UserError(
            f"No task of {stack} is healthy: {', '.join(states) or 'none is registered'}.",
            hint="The service's log and its events in ECS say why its tasks stop or do not start.",
        )
    return f"✓ {healthy} of {len(targets)} tasks behind the load balancer healthy"


def rollout_check(
    settings: Environment, sagemaker: SageMakerClient, cloudformation: CloudFormationClient
) -> str:
    """Return which configuration the endpoint runs; SageMaker may roll back after CloudFormation has ended.

    Raises UserError when it is not the configuration of the model stack, or the endpoint is not in service.
    """
    name, stack = settings.model.endpoint_name, stack_name(settings.name, "model")
    endpoint = _settled(sagemaker, name)
    running, status = endpoint.get("EndpointConfigName", "none"), endpoint["EndpointStatus"]
    deployed = physical_ids(resources(cloudformation, stack), "AWS::SageMaker::EndpointConfig")
    # CloudFormation has the ARN, in which SageMaker writes names in lower case.
    if running.lower() not in (arn.rpartition("/")[2].lower() for arn in deployed):
        raise UserError(
            f"SageMaker rolled back to the old version; CloudFormation did not notice: {name} runs "
            f"{running}, and {stack} holds {', '.join(deployed) or 'none'}.",
            hint=_ROLLED_BACK,
        )
    if status != "InService":
        reason = f": {endpoint['FailureReason']}" if endpoint.get("FailureReason") else ""
        raise UserError(f"{name} is {status}, not InService{reason}.", hint=_ROLLED_BACK)
    return f"✓ {name} is in service with {running}, as deployed"


def _settled(sagemaker: SageMakerClient, name: str) -> DescribeEndpointOutputTypeDef:
    for _ in range(int(_WITHIN_S / _POLL_S)):
        endpoint = sagemaker.describe_endpoint(EndpointName=name)
        if endpoint["EndpointStatus"] not in _CHANGING:
            break
        time.sleep(_POLL_S)
    return endpoint
