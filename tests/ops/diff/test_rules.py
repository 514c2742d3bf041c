"""What changes of single properties mean, by the services' documentation."""

from typing import Any

import pytest

from ops.diff.consequences import Severity
from ops.diff.data import judge_data
from ops.diff.rules import judge_properties, judge_serving
from ops.diff.templates import ResourceChange
from ops.diff.values import differences


def change(kind: str, old: Any, new: Any, impact: Any = "WILL_UPDATE", **beside: Any) -> ResourceChange:
    declared = [None if one is None else {"Type": kind, "Properties": one, **beside} for one in (old, new)]
    return ResourceChange("Thing", f"AWS::{kind}", impact, (), declared[0], declared[1])


ENCRYPTED = {
    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
}
EXPIRING = {"AttributeName": "expires_at", "Enabled": True}
BLOCKED = {"BlockPublicPolicy": True}
PUBLIC = {"BlockPublicPolicy": "false"}
RECOVERED = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}


@pytest.mark.parametrize(
    ("kind", "old", "new", "severity"),
    [
        # A log group without retention keeps its lines for ever.
        ("Logs::LogGroup", {}, {"RetentionInDays": 30}, "data loss"),
        ("Logs::LogGroup", {"RetentionInDays": 30}, {"RetentionInDays": 90}, None),
        ("Logs::LogGroup", {"RetentionInDays": 30}, {"RetentionInDays": {"Ref": "Days"}}, "data loss"),
        # A queue without a period keeps messages for four days.
        ("SQS::Queue", {}, {"MessageRetentionPeriod": 86400}, "data loss"),
        ("SQS::Queue", {"MessageRetentionPeriod": 86400}, {}, None),
        ("SQS::Queue", {"KmsMasterKeyId": "key"}, {}, "weaker protection"),
        ("S3::Bucket", {"BucketEncryption": ENCRYPTED}, {}, "weaker protection"),
        ("S3::Bucket", {}, {"BucketEncryption": ENCRYPTED}, None),
        ("S3::Bucket", {"VersioningConfiguration": {"Status": "Enabled"}}, {}, "weaker protection"),
        ("DynamoDB::GlobalTable", {"Replicas": [RECOVERED]}, {"Replicas": [{}]}, "weaker protection"),
        ("DynamoDB::GlobalTable", {"Replicas": [{}]}, {"Replicas": [RECOVERED]}, None),
        ("EC2::Subnet", None, {"MapPublicIpOnLaunch": True}, "weaker protection"),
        ("EC2::Subnet", None, {"MapPublicIpOnLaunch": {"Fn::If": ["A", True, False]}}, "weaker protection"),
        ("EC2::Route", None, {"GatewayId": {"Ref": "Gateway"}}, "weaker protection"),
        ("EC2::Route", None, {"NatGatewayId": {"Ref": "Nat"}}, None),
        (
            "ApiGatewayV2::Route",
            {"AuthorizationType": "JWT"},
            {"AuthorizationType": "NONE"},
            "weaker protection",
        ),
        ("DynamoDB::GlobalTable", {}, {"TimeToLiveSpecification": EXPIRING}, "data loss"),
        # Without a type, a route asks for no token.
        ("ApiGatewayV2::Route", None, {}, "weaker protection"),
        ("ApiGatewayV2::Route", None, {"AuthorizationType": "NONE"}, "weaker protection"),
        ("ApiGatewayV2::Route", None, {"AuthorizationType": "CUSTOM"}, None),
        ("ApiGatewayV2::Route", {"AuthorizationType": "CUSTOM"}, {}, "weaker protection"),
        ("ApiGatewayV2::Route", {}, {"AuthorizationType": "NONE"}, None),
        ("IAM::Role", {"PermissionsBoundary": "arn:one"}, {}, "weaker protection"),
        (
            "IAM::Role",
            {"PermissionsBoundary": "arn:one"},
            {"PermissionsBoundary": "two"},
            "weaker protection",
        ),
        ("IAM::Role", {}, {"PermissionsBoundary": "arn:one"}, None),
        ("RDS::DBInstance", None, {"PubliclyAccessible": "true"}, "weaker protection"),
        # S3 blocks public access to a new bucket unless it is told not to.
        ("S3::Bucket", None, {}, None),
        ("S3::Bucket", None, {"PublicAccessBlockConfiguration": PUBLIC}, "weaker protection"),
        ("S3::Bucket", {"PublicAccessBlockConfiguration": BLOCKED}, {}, "weaker protection"),
        ("ECR::Repository", None, {}, "weaker protection"),
        ("ECR::Repository", None, {"ImageTagMutability": "IMMUTABLE"}, None),
        ("SQS::Queue", {"RedrivePolicy": {}}, {}, "weaker protection"),
        (
            "ElasticLoadBalancingV2::LoadBalancer",
            {"LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": "true"}]},
            {"LoadBalancerAttributes": []},
            "weaker protection",
        ),
        # A route that goes takes its limit along.
        (
            "ApiGatewayV2::Stage",
            {"RouteSettings": {"GET /": {"ThrottlingRateLimit": 1}}},
            {"RouteSettings": {"GET /": {}}},
            "weaker protection",
        ),
        ("ApiGatewayV2::Stage", {"RouteSettings": {"GET /": {"ThrottlingRateLimit": 1}}}, {}, None),
        ("EC2::FlowLog", {}, None, "weaker protection"),
        # Lines that are kept for good cost more, and are not lost.
        ("Logs::LogGroup", {"RetentionInDays": 30}, {}, "note"),
        ("SageMaker::EndpointConfig", {"AsyncInferenceConfig": {}}, {}, "interruption"),
        ("SageMaker::EndpointConfig", None, {"AsyncInferenceConfig": {}}, None),
    ],
)
def test_property_is_judged(kind: str, old: Any, new: Any, severity: Severity | None) -> None:
    found = [one.severity for one in judge_properties("stack", change(kind, old, new))]
    assert found == ([] if severity is None else [severity])


@pytest.mark.parametrize(
    ("impact", "beside", "words"),
    [
        ("WILL_DESTROY", {}, "is deleted with its rows"),
        ("WILL_ORPHAN", {}, "leaves the stack; it stays in the account with its rows"),
        ("WILL_REPLACE", {"UpdateReplacePolicy": "Retain"}, "the old one stays in the account with its rows"),
        ("WILL_REPLACE", {}, "the old one is deleted with its rows"),
        ("MAY_REPLACE", {}, "may be replaced by an empty one"),
    ],
)
def test_lost_rows_are_told(impact: Any, beside: dict[str, Any], words: str) -> None:
    gone = impact in ("WILL_DESTROY", "WILL_ORPHAN")
    (one,) = judge_data("stack", change("DynamoDB::Table", {}, None if gone else {}, impact, **beside))
    assert words in one.happens
    assert one.severity == "data loss"


def test_weaker_deletion_policy_is_judged() -> None:
    old: dict[str, Any] = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "RetainExceptOnCreate"}
    new = old | {"DeletionPolicy": "Delete"}
    one = ResourceChange("Images", "AWS::S3::Bucket", "WILL_UPDATE", (), old, new)
    (found,) = judge_properties("storage", one)
    assert found.happens.startswith("it is deleted with its stack from now on")


def test_rolling_version_is_a_note() -> None:
    (one,) = judge_serving("analyze", change("ECS::TaskDefinition", {}, {}, "WILL_REPLACE"))
    assert one.severity == "note"
    (one,) = judge_serving("analyze", change("ECS::Service", {}, {}, "WILL_REPLACE"))
    assert one.severity == "interruption"


def test_secret_and_e_mail_are_not_shown() -> None:
    old, new = (
        {"Environment": [{"Name": "USER_HASH_KEY", "Value": key}], "Endpoint": f"{key}@shop.example"}
        for key in ("one", "two")
    )
    assert list(differences(old, new)) == [
        "Environment.USER_HASH_KEY changes",
        "Endpoint: (e-mail) → (e-mail)",
    ]
