"""The synthesized endpoint, created in moto's SageMaker in CloudFormation's order.

boto3 checks names and types, moto some values. Rules that only AWS knows, such as which instance types accept
a disk key, are tested on the template. moto does not know dev's instance type; an older one takes its place.
"""

import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from moto import mock_aws

from tests.stacks.model.test_stack import ASLEEP, OWN, Resources, of, only, resources
from tests.stacks.reading import named, text

REGION = "ca-central-1"
OLDER = {"instance_type": "ml.c5.xlarge"}
ACCOUNT = "123456789012"
LOADED = {
    "Role": f"arn:aws:iam::{ACCOUNT}:role/model",
    "Key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
    "Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:notified",
}


@pytest.fixture(autouse=True)
def account() -> Iterator[None]:
    made_up = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    with patch.dict(os.environ, made_up), mock_aws():
        yield


def deployed(value: Any, found: Resources) -> Any:
    """Return a property with an ARN or a name in place of each reference, as CloudFormation resolves it."""
    if isinstance(value, list):
        return [deployed(one, found) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and next(iter(value)) in ("Ref", "Fn::GetAtt", "Fn::Join", "Fn::ImportValue"):
        name = text(value)
        kind = found.get(name, {"Type": ""})["Type"].rpartition("::")[2]
        return LOADED.get(kind, name.lower())
    return {key: deployed(inner, found) for key, inner in value.items()}


def deploy(found: Resources) -> Any:
    sagemaker = boto3.client("sagemaker", region_name=REGION)
    model = deployed(only(found, "SageMaker::Model"), found)
    sagemaker.create_model(ModelName="model", **model)
    config = deployed(only(found, "SageMaker::EndpointConfig"), found)
    sagemaker.create_endpoint_config(EndpointConfigName="config", **config)
    for endpoint in of(found, "SageMaker::Endpoint"):
        wanted = deployed(endpoint, found)
        del wanted["RetainAllVariantProperties"]  # of an update alone
        sagemaker.create_endpoint(**wanted)
    return sagemaker


@pytest.mark.parametrize(
    ("name", "changes"),
    [("dev", OLDER), ("prod", {}), ("prod", {"artifact": OWN, "network_isolation": True}), ("prod", ASLEEP)],
)
def test_endpoint_reaches_service(name: str, changes: dict[str, Any]) -> None:
    found = resources(name, **changes)
    sagemaker = deploy(found)
    assert sagemaker.describe_endpoint(EndpointName="blip2-endpoint")["EndpointStatus"] == "InService"
    container = sagemaker.describe_model(ModelName="model")["PrimaryContainer"]
    assert container["Image"] == only(found, "SageMaker::Model")["PrimaryContainer"]["Image"]
    assert container["ModelDataUrl"].startswith("s3://")


def test_paused_model_has_no_endpoint() -> None:
    sagemaker = deploy(resources("dev", **OLDER, paused=True))
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert [one["EndpointConfigName"] for one in sagemaker.list_endpoint_configs()["EndpointConfigs"]] == [
        "config"
    ]


@pytest.mark.system
def test_scaling_policies_are_accepted() -> None:
    found = resources("dev", **OLDER, **ASLEEP)
    deploy(found)
    scaling = boto3.client("application-autoscaling", region_name=REGION)
    target = only(found, "ApplicationAutoScaling::ScalableTarget")
    scaling.register_scalable_target(**target)
    place = {key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
    for policy in of(found, "ApplicationAutoScaling::ScalingPolicy"):
        assert text(policy.pop("ScalingTargetId")) == named(found, "ApplicationAutoScaling::ScalableTarget")
        scaling.put_scaling_policy(**policy, **place)
    made = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert {one["PolicyType"] for one in made} == {"TargetTrackingScaling", "StepScaling"}


def test_alarms_are_accepted() -> None:
    found = resources("prod", **ASLEEP)
    cloudwatch = boto3.client("cloudwatch", region_name=REGION)
    for number, alarm in enumerate(of(found, "CloudWatch::Alarm")):
        cloudwatch.put_metric_alarm(AlarmName=str(number), **deployed(alarm, found))
    assert len(cloudwatch.describe_alarms()["MetricAlarms"]) == 6
