"""What stands behind the public address, asked with the operator's own credentials."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import UserError
from cli.findings import DENIED, code_of, unless_denied
from cli.subprocess import ROOT
from ops.aws.resources import physical_ids, resources
from ops.aws.session import QUICK
from services.core.domain.errors import ModelFault
from services.core.photos.photo import prepare
from services.core.vision.endpoint import RealtimeVisionEndpoint

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient
    from rich.console import Console

    from settings.environment import Environment

SAMPLE = ROOT / "examples" / "photos" / "drawn-mug.jpg"
# SageMaker ends a call after 60 s; its own answer is to arrive.
_PATIENT = Config(retries={"mode": "standard", "max_attempts": 2}, connect_timeout=5, read_timeout=65)


def look_inside(settings: Environment, session: boto3.Session, console: Console) -> None:
    """Ask the load balancer for its healthy targets, and the endpoint about the sample photo.

    What these credentials may not ask is said and passed over. Raises DeliveryError for what is not well.
    """
    for ask in (_targets, _endpoint):
        console.print(unless_denied(partial(ask, settings, session)))


def _targets(settings: Environment, session: boto3.Session) -> str:
    cloudformation = session.client("cloudformation", config=QUICK)
    return healthy_targets(settings, cloudformation, session.client("elbv2", config=QUICK))


def _endpoint(settings: Environment, session: boto3.Session) -> str:
    if settings.model.paused:
        return "! The endpoint was not tried: model.paused is true, so there is none."
    if settings.model.mode != "realtime":
        return "! The endpoint was not tried: it is asynchronous, so no call has an answer."
    return model_sees(settings, session.client("sagemaker-runtime", config=_PATIENT))


def healthy_targets(
    settings: Environment, cloudformation: CloudFormationClient, balancers: ElasticLoadBalancingv2Client
) -> str:
    """Say how many tasks the load balancer sends requests to; raise DeliveryError when there is none."""
    stack = f"vitrine-{settings.name}-analyze"
    kind = "AWS::ElasticLoadBalancingV2::TargetGroup"
    groups = physical_ids(resources(cloudformation, stack), kind)
    if not groups:
        raise UserError(f"{stack} holds no target group.", hint=f"Run `make deploy ENV={settings.name}`.")
    health = [
        target["TargetHealth"]
        for group in groups
        for target in balancers.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    ]
    healthy = sum(one.get("State") == "healthy" for one in health)
    if not healthy:
        states = ", ".join(f"{one.get('State')} ({one.get('Reason', 'no reason')})" for one in health)
        raise UserError(
            f"No task of {stack} is healthy: {states or 'none is registered'}.",
            hint="See the service's log, and its events in ECS: they say why its tasks end or do not start.",
        )
    return f"✓ {healthy} of {len(health)} tasks behind the load balancer healthy"


def model_sees(settings: Environment, runtime: SageMakerRuntimeClient) -> str:
    """Ask the endpoint as the service asks it, and say what it sees; raise DeliveryError when it does not."""
    name = settings.model.endpoint_name
    try:
        observation = RealtimeVisionEndpoint(runtime, name).observe(
            [prepare(SAMPLE.read_bytes(), SAMPLE.name).model_jpeg]
        )
    except ModelFault as fault:
        cause = fault.__cause__
        if isinstance(cause, ClientError) and code_of(cause) in DENIED:
            raise cause from fault
        if isinstance(cause, BotoCoreError):
            raise UserError(f"The model does not answer: {cause}.", hint="Try again.") from fault
        raise UserError(
            f"The model does not answer as it should: {fault}.",
            hint=f"See the log /aws/sagemaker/Endpoints/{name}: role, image, packages or archive.",
        ) from fault
    seen = max(observation.type, key=lambda candidate: observation.type[candidate])
    return f"✓ the endpoint {name} sees: {seen}; by {observation.artifact}"
