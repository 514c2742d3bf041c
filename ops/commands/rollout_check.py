"""Whether the endpoint runs what was deployed: SageMaker may take it back when CloudFormation is done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cli.errors import UserError
from ops.aws.resources import physical_ids, resources
from settings.naming import stack_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

    from settings.environment import Environment

_CURE = (
    "Look at the alarms of the model's stack and at the endpoint's log: they say why the new version was "
    "taken back. To have it all the same, pause and resume: docs/operations.md, “Pause and resume”."
)
# Scaling is an update too; it takes as long as an instance takes to start.
_CHANGING = ("Updating", "SystemUpdating", "RollingBack")
_WITHIN_S, _PAUSE_S = 1800.0, 10.0


def endpoint_took_over(
    settings: Environment,
    sagemaker: SageMakerClient,
    cloudformation: CloudFormationClient,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Say which configuration the endpoint runs.

    Raises DeliveryError when it is another one than the model's stack holds, or is not in service.
    """
    name, stack = settings.model.endpoint_name, stack_name(settings.name, "model")
    endpoint = _at_rest(sagemaker, name, sleep)
    running, status = endpoint.get("EndpointConfigName", "none"), endpoint["EndpointStatus"]
    held = physical_ids(resources(cloudformation, stack), "AWS::SageMaker::EndpointConfig")
    # CloudFormation knows it by its ARN, in which SageMaker writes names in small letters.
    if running.lower() not in (one.rpartition("/")[2].lower() for one in held):
        raise UserError(
            f"SageMaker rolled back to the old version; CloudFormation did not notice: {name} runs "
            f"{running}, and {stack} holds {', '.join(held) or 'none'}.",
            hint=_CURE,
        )
    if status != "InService":
        reason = f": {endpoint['FailureReason']}" if endpoint.get("FailureReason") else ""
        raise UserError(f"{name} is {status}, not InService{reason}.", hint=_CURE)
    return f"✓ {name} is in service with {running}, as deployed"


def _at_rest(
    sagemaker: SageMakerClient, name: str, sleep: Callable[[float], None]
) -> DescribeEndpointOutputTypeDef:
    for _ in range(int(_WITHIN_S / _PAUSE_S)):
        endpoint = sagemaker.describe_endpoint(EndpointName=name)
        if endpoint["EndpointStatus"] not in _CHANGING:
            break
        sleep(_PAUSE_S)
    return endpoint
