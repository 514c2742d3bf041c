"""The endpoint: whose its name and its log are, and whether the one that is there can be updated in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.findings import Finding, code_of, failure, well
from ops.aws.resources import physical_ids, resources
from settings.naming import stack_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient

    from settings.environment import Environment

_SCALING = "AWS::ApplicationAutoScaling::ScalableTarget"
_AFRESH = "Set model.paused = true, deploy, then set it back."


def endpoint_name(
    settings: Environment, sagemaker: SageMakerClient, cloudformation: CloudFormationClient
) -> Iterator[Finding]:
    """Whether the endpoint's name is free, or our stack's own endpoint has it and can become what is set."""
    subject, name, stack = "endpoint name", settings.model.endpoint_name, stack_name(settings.name, "model")
    try:
        found = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if code_of(error) != "ValidationException":
            raise
        yield well(subject, f"{name} is free")
        return
    held = resources(cloudformation, stack)
    if found["EndpointArn"] not in physical_ids(held):
        yield failure(
            subject,
            f"{name} is in use by an endpoint that {stack} did not make.",
            "Set model.endpoint_name to another name, or delete that endpoint.",
        )
        return
    yield well(subject, f"{name} is {stack}'s, {found['EndpointStatus']}")
    if settings.model.paused or "EndpointConfigName" not in found:
        return
    scales = bool(physical_ids(held, _SCALING))
    yield from _updatable(settings, sagemaker, found["EndpointConfigName"], scales=scales)


def _updatable(
    settings: Environment, sagemaker: SageMakerClient, config_name: str, *, scales: bool
) -> Iterator[Finding]:
    subject, model = "endpoint update", settings.model
    config = sagemaker.describe_endpoint_config(EndpointConfigName=config_name)
    running = "async" if "AsyncInferenceConfig" in config else "realtime"
    types = {variant.get("InstanceType", "") for variant in config["ProductionVariants"]}
    if running != model.mode:
        text = (
            f"the endpoint is {running}, model.mode says {model.mode}: AWS does not turn one into the other."
        )
        yield failure(subject, text, _AFRESH)
    # What is deployed counts, not what is set: scaling is registered, or let go, after the endpoint's update.
    if scales and types != {model.instance_type}:
        yield failure(
            subject,
            f"the endpoint runs on {', '.join(sorted(types))}, model.instance_type says "
            f"{model.instance_type}: AWS changes no instance type while scaling is registered.",
            _AFRESH,
        )


def endpoint_log(
    settings: Environment, logs: CloudWatchLogsClient, cloudformation: CloudFormationClient
) -> Iterator[Finding]:
    """Whether the endpoint's log group is ours or not there: the model's stack makes one of that name."""
    subject, name = "endpoint log", f"/aws/sagemaker/Endpoints/{settings.model.endpoint_name}"
    stack = stack_name(settings.name, "model")
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    if not any(group.get("logGroupName") == name for page in pages for group in page["logGroups"]):
        yield well(subject, f"{name} is free")
    elif name in physical_ids(resources(cloudformation, stack), "AWS::Logs::LogGroup"):
        yield well(subject, f"{name} is {stack}'s")
    else:
        yield failure(
            subject,
            f"{name} is there, and {stack} did not make it: it could not make its own.",
            "Read what is worth reading in it, then delete it: "
            f"`aws logs delete-log-group --region {settings.region} --log-group-name {name}`.",
        )
