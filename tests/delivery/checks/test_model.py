"""The model's archive is there or will be, and the endpoint's name is ours."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from delivery.checks.model import archive, endpoint_name
from stacks.environment import Environment
from tests.delivery.conftest import KEY, Stubbed, make_settings

OBJECT = {"Bucket": "artifacts", "Key": KEY}
ARN = "arn:aws:sagemaker:ca-central-1:123456789012:endpoint/blip2-endpoint"
STACK = {"StackName": "vitrine-shop-model"}


def bucket(stub: Stubber) -> None:
    asked = {"Name": "/vitrine/shop/artifact-bucket"}
    stub.add_response("get_parameter", {"Parameter": {"Value": "artifacts"}}, asked)


def test_the_demo_model_comes_along(settings: Environment, stubbed: Stubbed) -> None:
    ssm, s3 = stubbed("ssm")[0], stubbed("s3")[0]
    (finding,) = archive(settings, ssm, s3, at_hand=False)
    assert (finding.level, "demo" in finding.text) == ("ok", True)


@pytest.mark.parametrize(
    ("there", "at_hand", "level"),
    [(True, False, "ok"), (True, True, "ok"), (False, True, "ok"), (False, False, "failure")],
)
def test_the_archive_is_in_its_bucket_or_at_hand(
    stubbed: Stubbed, there: bool, at_hand: bool, level: str
) -> None:
    (ssm, parameters), (s3, objects) = stubbed("ssm"), stubbed("s3")
    bucket(parameters)
    if there:
        objects.add_response("head_object", {"ContentLength": 4}, OBJECT)
    else:
        objects.add_client_error("head_object", "404", http_status_code=404, expected_params=OBJECT)
    (finding,) = archive(make_settings(model={"artifact": KEY}), ssm, s3, at_hand=at_hand)
    assert finding.level == level
    assert ("ARTIFACT=" in finding.cure) == (level == "failure")


@pytest.mark.parametrize(("at_hand", "level"), [(True, "ok"), (False, "warning")])
def test_before_the_first_deployment_there_is_no_bucket(stubbed: Stubbed, at_hand: bool, level: str) -> None:
    (ssm, parameters), (s3, _) = stubbed("ssm"), stubbed("s3")
    parameters.add_client_error("get_parameter", "ParameterNotFound")
    (finding,) = archive(make_settings(model={"artifact": KEY}), ssm, s3, at_hand=at_hand)
    assert finding.level == level


def endpoint() -> dict[str, Any]:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return {
        "EndpointName": "blip2-endpoint",
        "EndpointArn": ARN,
        "EndpointStatus": "InService",
        "CreationTime": now,
        "LastModifiedTime": now,
    }


def resource(physical_id: str) -> dict[str, Any]:
    return {
        "LogicalResourceId": "Endpoint",
        "PhysicalResourceId": physical_id,
        "ResourceType": "AWS::SageMaker::Endpoint",
        "LastUpdatedTimestamp": datetime(2026, 11, 1, tzinfo=UTC),
        "ResourceStatus": "CREATE_COMPLETE",
    }


def test_a_name_that_is_free_is_well(settings: Environment, stubbed: Stubbed) -> None:
    (sagemaker, stub), (cloudformation, _) = stubbed("sagemaker"), stubbed("cloudformation")
    stub.add_client_error("describe_endpoint", "ValidationException", "Could not find endpoint")
    (finding,) = endpoint_name(settings, sagemaker, cloudformation)
    assert (finding.level, finding.text) == ("ok", "blip2-endpoint is free")


@pytest.mark.parametrize(("owned", "level"), [(ARN, "ok"), ("arn:other", "failure"), (None, "failure")])
def test_an_endpoint_of_that_name_is_our_stacks_own(
    settings: Environment, stubbed: Stubbed, owned: str | None, level: str
) -> None:
    (sagemaker, stub), (cloudformation, stacks) = stubbed("sagemaker"), stubbed("cloudformation")
    stub.add_response("describe_endpoint", endpoint(), {"EndpointName": "blip2-endpoint"})
    if owned is None:
        stacks.add_client_error("list_stack_resources", "ValidationError", "does not exist")
    else:
        stacks.add_response("list_stack_resources", {"StackResourceSummaries": [resource(owned)]}, STACK)
    (finding,) = endpoint_name(settings, sagemaker, cloudformation)
    assert finding.level == level
    assert ("model.endpoint_name" in finding.cure) == (level == "failure")
