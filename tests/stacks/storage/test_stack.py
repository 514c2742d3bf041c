"""Buckets, table, key and image repository."""

import json
from collections.abc import Mapping
from typing import Any

from tests.stacks.assemblies import Assembly


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


def test_other_prefixes_expire_in_days(assembly: Assembly) -> None:
    rules = bucket(assembly, "ImageBucket")["LifecycleConfiguration"]["Rules"]
    expiring = {one["Prefix"]: (one["ExpirationInDays"], one["Status"]) for one in rules if "Prefix" in one}
    assert expiring == {"uploads/": (1, "Enabled"), "edge-logs/": (7, "Enabled")}


def test_table_streams_and_indexes_unfinished(assembly: Assembly) -> None:
    table = assembly.only("storage", "DynamoDB::GlobalTable")
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["KeySchema"] == [{"AttributeName": "unfinished", "KeyType": "HASH"}]
    assert set(index["Projection"]["NonKeyAttributes"]) == {"lease_until", "touched_at"}


def test_buckets_use_the_stacks_key(assembly: Assembly) -> None:
    key = key_of_data(assembly)
    for properties in buckets(assembly).values():
        (encryption,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert encryption["ServerSideEncryptionByDefault"] == {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": {"Fn::GetAtt": [key, "Arn"]},
        }
        assert encryption["BucketKeyEnabled"] is True


def key_of_data(assembly: Assembly) -> str:
    """Return the logical id of the key of photos and artifacts; the topic of alarms has its own."""
    (key,) = (name for name in assembly.resources("storage", "KMS::Key") if not name.startswith("Alarms"))
    return key


def test_keys_are_rotated(assembly: Assembly) -> None:
    keys = assembly.resources("storage", "KMS::Key").values()
    assert [key["Properties"]["EnableKeyRotation"] for key in keys] == [True, True]


def test_buckets_require_tls(assembly: Assembly) -> None:
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


def test_buckets_block_public_access(assembly: Assembly) -> None:
    for properties in buckets(assembly).values():
        assert properties["PublicAccessBlockConfiguration"] == {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        }


def test_photos_expire_by_settings(assembly: Assembly) -> None:
    assert rule(bucket(assembly, "ImageBucket"))["ExpirationInDays"] == assembly.settings.retention_days


def test_photos_are_unversioned(assembly: Assembly) -> None:
    assert "VersioningConfiguration" not in bucket(assembly, "ImageBucket")


def test_artifacts_are_versioned(assembly: Assembly) -> None:
    artifacts = bucket(assembly, "ArtifactBucket")
    assert artifacts["VersioningConfiguration"] == {"Status": "Enabled"}
    # A replaced or deleted archive, of gigabytes, can be restored for a month; the present one never expires.
    expirations = {key: value for key, value in rule(artifacts).items() if "Expiration" in key}
    assert expirations == {"NoncurrentVersionExpiration": {"NoncurrentDays": 30}}


def test_incomplete_uploads_are_aborted(assembly: Assembly) -> None:
    for properties in buckets(assembly).values():
        assert rule(properties)["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_reports_expire_and_can_be_restored(assembly: Assembly) -> None:
    table = assembly.only("storage", "DynamoDB::GlobalTable")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    (replica,) = table["Replicas"]
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]


def test_kept_data_outlives_its_stack(assembly: Assembly) -> None:
    policy, replaced = (
        ("RetainExceptOnCreate", "Retain") if assembly.settings.keep_data else ("Delete", "Delete")
    )
    kept = [assembly.resources("storage", "KMS::Key")[key_of_data(assembly)]]
    for kind in ("S3::Bucket", "DynamoDB::GlobalTable"):
        kept += assembly.resources("storage", kind).values()
    for resource in kept:
        assert resource["DeletionPolicy"] == policy
        assert resource["UpdateReplacePolicy"] == replaced
    (replica,) = assembly.only("storage", "DynamoDB::GlobalTable")["Replicas"]
    assert replica["DeletionProtectionEnabled"] is assembly.settings.keep_data


def test_production_keeps_its_data(prod: Assembly) -> None:
    assert prod.settings.keep_data


def test_images_are_immutable_and_scanned(assembly: Assembly) -> None:
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


def test_images_go_with_the_stack(assembly: Assembly) -> None:
    (repository,) = assembly.resources("storage", "ECR::Repository").values()
    assert repository["DeletionPolicy"] == "Delete"
    assert repository["Properties"]["EmptyOnDelete"] is True
