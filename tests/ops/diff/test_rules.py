"""What changes of single properties mean, by the services' documentation."""

from typing import Any

import pytest

from ops.diff.consequences import SEVERITIES, Severity
from ops.diff.data import judge_data
from ops.diff.indexes import judge_indexes
from ops.diff.rules import judge_properties, judge_serving
from ops.diff.templates import ResourceChange
from ops.diff.values import differences, shown


def change(kind: str, old: Any, new: Any, impact: Any = "WILL_UPDATE", **beside: Any) -> ResourceChange:
    declared = [None if one is None else {"Type": kind, "Properties": one, **beside} for one in (old, new)]
    return ResourceChange("Thing", f"AWS::{kind}", impact, (), declared[0], declared[1])


ENCRYPTED = {
    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
}
EXPIRING = {"AttributeName": "expires_at", "Enabled": True}
BLOCKED = {"BlockPublicPolicy": True}
PUBLIC = {"BlockPublicPolicy": "false"}
EVERY_HOUR = {"ScheduleExpression": "rate(60 minutes)"}
GET_ALL = {"RouteKey": "GET /", "AuthorizationType": "JWT"}
ROLLED_BACK: dict[str, Any] = {"AutoRollbackConfiguration": {"Alarms": []}}
BREAKER = {"DeploymentCircuitBreaker": {"Enable": True, "Rollback": True}}
RECOVERED = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}


ROLE = {"Fn::GetAtt": ["Role", "Arn"]}
URI = {"Fn::Join": ["", ["arn:aws:apigateway:", {"Ref": "AWS::Region"}, ":", ROLE]]}
# How the CDK names what it exports of the same key: its ARN, and its id.
EXPORTED = {"Fn::ImportValue": "vitrine-prod-storage:ExportsOutputFnGetAttKey961B73FDArn5A860C43"}
EXPORTED_ID = {"Fn::ImportValue": "vitrine-prod-storage:ExportsOutputRefKey961B73FD5A860C43"}


STORED = {"Fn::ImportValue": "vitrine-prod-storage:ExportsOutputRefArtifacts82DD59A14F4A6352"}


def grouped(*groups: Any) -> dict[str, Any]:
    return {"NetworkConfiguration": {"AwsvpcConfiguration": {"SecurityGroups": list(groups)}}}


def by_key(key: Any) -> dict[str, Any]:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    return {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": default}]}


def served(enabled: bool) -> dict[str, Any]:
    return {"DistributionConfig": {"Enabled": enabled}}


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
        ("S3::Bucket", {"BucketEncryption": by_key("one")}, {"BucketEncryption": by_key("two")}, "data loss"),
        ("SQS::Queue", {"KmsMasterKeyId": "one"}, {"KmsMasterKeyId": "two"}, "data loss"),
        ("DynamoDB::GlobalTable", {"StreamSpecification": {}}, {}, "data loss"),
        # A mapping and a rule without a word are enabled.
        ("Lambda::EventSourceMapping", {}, {"Enabled": "false"}, "interruption"),
        ("Lambda::EventSourceMapping", {"Enabled": False}, {}, None),
        ("Lambda::EventSourceMapping", {}, None, "interruption"),
        ("Events::Rule", {}, {"State": "DISABLED"}, "interruption"),
        ("Events::Rule", EVERY_HOUR, {"ScheduleExpression": "rate(1 day)"}, "interruption"),
        ("Events::Rule", EVERY_HOUR, {"ScheduleExpression": "rate(5 minutes)"}, None),
        ("Lambda::Function", {}, {"ReservedConcurrentExecutions": 0}, "interruption"),
        ("Lambda::Function", None, {"ReservedConcurrentExecutions": 0}, None),
        ("ApiGatewayV2::Route", GET_ALL, {**GET_ALL, "RouteKey": "GET /all"}, "interruption"),
        ("ApiGatewayV2::Api", {}, {"DisableExecuteApiEndpoint": True}, "interruption"),
        ("ApiGatewayV2::Api", {}, {"CorsConfiguration": {"AllowOrigins": ["*"]}}, "weaker protection"),
        ("CloudFront::Distribution", served(True), served(False), "interruption"),
        ("ApplicationAutoScaling::ScalableTarget", {"MinCapacity": 2}, {"MinCapacity": 1}, "note"),
        ("CloudWatch::Alarm", {"Threshold": 1}, {"Threshold": 9}, "note"),
        ("CloudWatch::Alarm", {"AlarmActions": ["topic"]}, {"AlarmActions": []}, "weaker protection"),
        ("CloudWatch::Alarm", {}, {"ActionsEnabled": False}, "weaker protection"),
        ("SageMaker::Endpoint", {"DeploymentConfig": ROLLED_BACK}, {}, "weaker protection"),
        ("ECS::Service", {"DeploymentConfiguration": BREAKER}, {}, "weaker protection"),
        (
            "ECS::Service",
            {},
            {"DeploymentConfiguration": {"MinimumHealthyPercent": 0}},
            "weaker protection",
        ),
        ("ECS::Service", {"LoadBalancers": [{}]}, {"LoadBalancers": []}, "interruption"),
        # The gateway keeps no answer of an authorizer unless it is told to.
        ("ApiGatewayV2::Authorizer", {}, {"AuthorizerResultTtlInSeconds": 300}, "weaker protection"),
        ("SageMaker::EndpointConfig", {"AsyncInferenceConfig": {}}, {}, "interruption"),
        ("SageMaker::EndpointConfig", None, {"AsyncInferenceConfig": {}}, None),
    ],
)
def test_property_is_judged(kind: str, old: Any, new: Any, severity: Severity | None) -> None:
    found = {one.severity for one in judge_properties("stack", change(kind, old, new))}
    assert next((one for one in SEVERITIES if one in found), None) == severity


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        (
            "S3::Bucket",
            {"BucketEncryption": by_key({"Fn::GetAtt": ["Key", "Arn"]})},
            {"BucketEncryption": by_key({"Ref": "Key"})},
        ),
        ("SQS::Queue", {"KmsMasterKeyId": EXPORTED}, {"KmsMasterKeyId": EXPORTED_ID}),
        (
            "ApiGatewayV2::Authorizer",
            {"AuthorizerUri": URI},
            {"AuthorizerUri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:${Role.Arn}"}},
        ),
        ("Lambda::Function", {"Role": ROLE}, {"Role": {"Fn::GetAtt": "Role.Arn"}}),
        ("ECS::Service", grouped({"Ref": "A"}, "b"), grouped("b", {"Ref": "A"})),
        ("ElasticLoadBalancingV2::Listener", {"Port": 443}, {"Port": "443"}),
    ],
)
def test_same_value_is_no_change(kind: str, old: Any, new: Any) -> None:
    assert not list(judge_properties("stack", change(kind, old, new)))


def test_other_condition_is_a_change() -> None:
    old, new = ({"Role": {"Fn::If": [one, "a", "b"]}} for one in ("IsProd", "IsDev"))
    assert list(judge_properties("stack", change("Lambda::Function", old, new)))


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


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (["a"], [], ["index a is deleted"]),
        ([], ["a"], []),
        ([], ["a", "b"], ["one index at a time"]),
        (["a"], ["b"], ["index a is deleted", "one index at a time"]),
    ],
)
def test_indexes_change_one_by_one(old: list[str], new: list[str], words: list[str]) -> None:
    sides = [{"GlobalSecondaryIndexes": [{"IndexName": name} for name in names]} for names in (old, new)]
    found = list(judge_indexes("storage", change("DynamoDB::GlobalTable", *sides)))
    assert [word in one.happens for word, one in zip(words, found, strict=True)] == [True] * len(words)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            {"Fn::ImportValue": "vitrine-prod-web:ExportsOutputFnGetAttGroup3F552162GroupId457562E0"},
            "web/Group3F552162.GroupId",
        ),
        ({"Fn::ImportValue": "vitrine-prod-web:ExportsOutputRefPageDF1CC2D40B4BB8E8"}, "web/PageDF1CC2D4"),
        ({"Fn::ImportValue": "vitrine-prod-web:ExportsOutputFnGetAttStageArn5A860C43"}, "web/Stage.Arn"),
        ({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Region"}, ":x"]]}, "arn:AWS::Region:x"),
        ([], "none"),
        # An archive's key holds a hash, of which eight digits tell two apart.
        (
            {"Fn::Join": ["", ["s3://", STORED, f"/models/{'a1' * 32}/blip2-endpoint.tar.gz"]]},
            "s3://storage/Artifacts82DD59A1/models/a1a1a1a1…/blip2-endpoint.tar.gz",
        ),
    ],
)
def test_reference_is_shown_by_its_name(value: Any, text: str) -> None:
    assert shown(value) == text


def test_secret_and_e_mail_are_not_shown() -> None:
    old, new = (
        {"Environment": [{"Name": "USER_HASH_KEY", "Value": key}], "Endpoint": f"{key}@shop.example"}
        for key in ("one", "two")
    )
    assert list(differences(old, new)) == [
        "Environment.USER_HASH_KEY changes",
        "Endpoint: (e-mail) → (e-mail)",
    ]
