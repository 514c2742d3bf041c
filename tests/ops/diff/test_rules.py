"""What changes of single properties mean, by the services' documentation."""

from typing import Any

import pytest

from ops.diff.access import judge_access
from ops.diff.consequences import Severity
from ops.diff.data import judge_data
from ops.diff.rules import judge_properties, judge_serving
from ops.diff.templates import ResourceChange, StackChange, Statement, Statements, Targets
from ops.diff.values import differences


def change(kind: str, old: Any, new: Any, impact: Any = "WILL_UPDATE", **beside: Any) -> ResourceChange:
    declared = [None if one is None else {"Type": kind, "Properties": one, **beside} for one in (old, new)]
    return ResourceChange("Thing", f"AWS::{kind}", impact, (), declared[0], declared[1])


ENCRYPTED = {
    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
}
RECOVERED = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}


@pytest.mark.parametrize(
    ("kind", "old", "new", "severity"),
    [
        # A log group without retention keeps its lines for ever.
        ("Logs::LogGroup", {}, {"RetentionInDays": 30}, "data loss"),
        ("Logs::LogGroup", {"RetentionInDays": 30}, {"RetentionInDays": 90}, None),
        ("Logs::LogGroup", {"RetentionInDays": 30}, {}, None),
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
        ("EC2::Route", None, {"GatewayId": {"Ref": "Gateway"}}, "weaker protection"),
        ("EC2::Route", None, {"NatGatewayId": {"Ref": "Nat"}}, None),
        (
            "ApiGatewayV2::Route",
            {"AuthorizationType": "JWT"},
            {"AuthorizationType": "NONE"},
            "weaker protection",
        ),
        ("SageMaker::EndpointConfig", {"AsyncInferenceConfig": {}}, {}, "interruption"),
        ("SageMaker::EndpointConfig", None, {"AsyncInferenceConfig": {}}, None),
    ],
)
def test_property_is_judged(kind: str, old: Any, new: Any, severity: Severity | None) -> None:
    found = [one.severity for one in judge_properties("stack", change(kind, old, new))]
    assert found == ([] if severity is None else [severity])


def rule(days: int, prefix: str = "", **more: Any) -> dict[str, Any]:
    return {"Status": "Enabled", "ExpirationInDays": days, "Prefix": prefix, **more}


@pytest.mark.parametrize(
    ("old", "new", "loses"),
    [
        ([], [rule(30)], True),
        ([rule(30)], [rule(30), rule(7, "uploads/")], True),
        ([rule(7)], [rule(7), rule(30, "uploads/")], False),  # the wider rule has deleted them sooner
        ([rule(30)], [rule(365)], False),
        ([rule(30)], [rule(7, Status="Disabled")], False),
        ([rule(30, TagFilters=[{"Key": "a", "Value": "b"}])], [rule(30)], True),
        ([], [{"Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 30}}], True),
    ],
)
def test_sooner_expiry_loses_data(old: list[Any], new: list[Any], loses: bool) -> None:
    buckets = [{"LifecycleConfiguration": {"Rules": rules}} for rules in (old, new)]
    assert bool(list(judge_data("stack", change("S3::Bucket", *buckets)))) is loses


def test_fewer_images_are_lost() -> None:
    def repository(count: int) -> dict[str, Any]:
        text = (
            '{"rules": [{"selection": {"countType": "imageCountMoreThan", "countNumber": %d}, "action": {}}]}'
        )
        return {"LifecyclePolicy": {"LifecyclePolicyText": text % count}}

    (one,) = judge_data("stack", change("ECR::Repository", repository(100), repository(5)))
    assert one.happens == "of its images the last 5 are kept; 100 so far"
    assert not list(judge_data("stack", change("ECR::Repository", repository(5), repository(100))))


@pytest.mark.parametrize(
    ("impact", "beside", "words"),
    [
        ("WILL_DESTROY", {}, "is deleted with its rows"),
        ("WILL_ORPHAN", {}, "leaves the stack; it stays in the account with its rows"),
        ("WILL_REPLACE", {"UpdateReplacePolicy": "Retain"}, "the old one stays with its rows"),
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


def allow(
    *actions: str, on: str = "arn:aws:s3:::photos/*", by: str = "AWS:${Role}", **more: Any
) -> Statement:
    named = {"condition": None, "unread": None, "effect": "Allow", **more}
    return Statement(actions=Targets(actions), resources=Targets((on,)), principals=Targets((by,)), **named)


@pytest.mark.parametrize(
    ("removed", "added", "severity"),
    [
        ([allow("s3:GetObject", "s3:PutObject")], [allow("s3:GetObject")], None),
        ([allow("s3:Get*")], [allow("S3:GetObject")], None),
        ([allow("s3:GetObject")], [allow("s3:Get*")], "weaker protection"),
        ([allow("s3:GetObject")], [allow("s3:GetObject", on="arn:aws:s3:::*")], "weaker protection"),
        ([allow("s3:GetObject", condition={"Bool": {}})], [allow("s3:GetObject")], "weaker protection"),
        ([allow("s3:GetObject")], [allow("s3:GetObject", condition={"Bool": {}})], None),
        ([], [allow("s3:GetObject", by="AWS:${New}")], "note"),
        ([], [allow("s3:*", by="AWS:${New}")], "weaker protection"),
        ([], [allow("s3:GetObject", on="*", by="AWS:${New}")], "weaker protection"),
        ([], [allow("sts:AssumeRole", on="${New.Arn}", by="*")], "weaker protection"),
        ([allow("s3:*", effect="Deny")], [], "weaker protection"),
        ([], [allow("s3:*", effect="Deny")], None),
    ],
)
def test_only_more_access_is_judged(
    removed: list[Statement], added: list[Statement], severity: Severity | None
) -> None:
    new = ResourceChange("New", "AWS::IAM::Role", "WILL_CREATE", (), None, {"Type": "AWS::IAM::Role"})
    one = StackChange((new,), statements=Statements(tuple(added), tuple(removed)))
    assert [each.severity for each in judge_access("stack", one)] == ([] if severity is None else [severity])


def test_secret_and_e_mail_are_not_shown() -> None:
    old, new = (
        {"Environment": [{"Name": "USER_HASH_KEY", "Value": key}], "Endpoint": f"{key}@shop.example"}
        for key in ("one", "two")
    )
    assert list(differences(old, new)) == [
        "Environment.USER_HASH_KEY changes",
        "Endpoint: (e-mail) → (e-mail)",
    ]
