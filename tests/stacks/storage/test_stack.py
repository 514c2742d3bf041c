"""What is kept, and how safely."""

import json
from collections.abc import Mapping
from typing import Any

from tests.stacks.conftest import Assembly


def buckets(assembly: Assembly) -> dict[str, dict[str, Any]]:
    found = assembly.resources("storage", "S3::Bucket")
    return {name: bucket["Properties"] for name, bucket in found.items()}


def bucket(assembly: Assembly, output: str) -> dict[str, Any]:
    return buckets(assembly)[assembly.template("storage")["Outputs"][output]["Value"]["Ref"]]


def rule(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rule for all of a bucket's objects."""
    (only,) = [one for one in properties["LifecycleConfiguration"]["Rules"] if "Prefix" not in one]
    assert only["Status"] == "Enabled"
    return dict(only)


def test_an_upload_that_nobody_uses_is_gone_after_a_day(assembly: Assembly) -> None:
    rules = bucket(assembly, "ImageBucket")["LifecycleConfiguration"]["Rules"]
    (uploads,) = [one for one in rules if "Prefix" in one]
    assert (uploads["Prefix"], uploads["ExpirationInDays"], uploads["Status"]) == ("uploads/", 1, "Enabled")


def test_the_table_streams_and_knows_what_is_unfinished(assembly: Assembly) -> None:
    table = assembly.only("storage", "DynamoDB::GlobalTable")
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["KeySchema"] == [{"AttributeName": "unfinished", "KeyType": "HASH"}]
    assert set(index["Projection"]["NonKeyAttributes"]) == {"lease_until", "touched_at"}


def test_every_bucket_is_encrypted_with_the_stacks_own_key(assembly: Assembly) -> None:
    (key,) = assembly.resources("storage", "KMS::Key")
    for properties in buckets(assembly).values():
        (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert encryption["ServerSideEncryptionByDefault"] == {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": {"Fn::GetAtt": [key, "Arn"]},
        }
        assert encryption["BucketKeyEnabled"] is True


def test_the_key_is_rotated(assembly: Assembly) -> None:
    assert assembly.only("storage", "KMS::Key")["EnableKeyRotation"] is True


def test_no_bucket_answers_without_tls(assembly: Assembly) -> None:
    policies = [policy["Properties"] for policy in assembly.resources("storage", "S3::BucketPolicy").values()]
    assert {policy["Bucket"]["Ref"] for policy in policies} == set(buckets(assembly))
    for policy in policies:
        denied = [
            (statement["Principal"], statement["Action"], statement["Condition"])
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny"
        ]
        assert ({"AWS": "*"}, "s3:*", {"Bool": {"aws:SecureTransport": "false"}}) in denied
        assert ({"AWS": "*"}, "s3:*", {"NumericLessThan": {"s3:TlsVersion": 1.2}}) in denied


def test_no_bucket_can_become_public(assembly: Assembly) -> None:
    for properties in buckets(assembly).values():
        assert properties["PublicAccessBlockConfiguration"] == {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        }


def test_photos_are_deleted_after_the_days_of_the_settings(assembly: Assembly) -> None:
    assert rule(bucket(assembly, "ImageBucket"))["ExpirationInDays"] == assembly.settings.retention_days


def test_a_deleted_photo_leaves_no_version_behind(assembly: Assembly) -> None:
    assert "VersioningConfiguration" not in bucket(assembly, "ImageBucket")


def test_artifacts_are_versioned_and_do_not_expire(assembly: Assembly) -> None:
    artifacts = bucket(assembly, "ArtifactBucket")
    assert artifacts["VersioningConfiguration"] == {"Status": "Enabled"}
    assert not [key for key in rule(artifacts) if "Expiration" in key]


def test_unfinished_uploads_are_cleaned_up(assembly: Assembly) -> None:
    for properties in buckets(assembly).values():
        assert rule(properties)["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_reports_are_billed_on_demand_expire_and_can_be_restored(assembly: Assembly) -> None:
    table = assembly.only("storage", "DynamoDB::GlobalTable")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    (replica,) = table["Replicas"]
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]


def test_what_is_kept_outlives_its_stack_where_the_settings_say_so(assembly: Assembly) -> None:
    policy = "Retain" if assembly.settings.keep_data else "Delete"
    for kind in ("KMS::Key", "S3::Bucket", "DynamoDB::GlobalTable"):
        for resource in assembly.resources("storage", kind).values():
            assert resource["DeletionPolicy"] == policy
            assert resource["UpdateReplacePolicy"] == policy
    (replica,) = assembly.only("storage", "DynamoDB::GlobalTable")["Replicas"]
    assert replica["DeletionProtectionEnabled"] is assembly.settings.keep_data


def test_production_keeps_its_data(prod: Assembly) -> None:
    assert prod.settings.keep_data


def test_container_images_cannot_be_replaced_are_scanned_and_the_last_100_kept(assembly: Assembly) -> None:
    repository = assembly.only("storage", "ECR::Repository")
    assert repository["RepositoryName"] == f"vitrine-{assembly.settings.name}-analyze"
    assert repository["ImageTagMutability"] == "IMMUTABLE"
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}
    (one,) = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert one["action"] == {"type": "expire"}
    assert one["selection"] | {"tagStatus": ""} == {
        "tagStatus": "",
        "countType": "imageCountMoreThan",
        "countNumber": 100,
    }


def test_container_images_go_with_the_stack_so_that_their_name_is_free_again(assembly: Assembly) -> None:
    (repository,) = assembly.resources("storage", "ECR::Repository").values()
    assert repository["DeletionPolicy"] == "Delete"
    assert repository["Properties"]["EmptyOnDelete"] is True
