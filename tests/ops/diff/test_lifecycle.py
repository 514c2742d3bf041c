"""Lifecycle rules that delete sooner lose data, by what S3 and ECR document of their rules."""

import json
from typing import Any

import pytest

from ops.diff.lifecycle import deleted_sooner

TAGGED = {"TagFilters": [{"Key": "a", "Value": "b"}]}
LATER, SOONER = {"ExpirationDate": "2027-06-01"}, {"ExpirationDate": "2027-01-01"}


def rule(days: Any = None, **more: Any) -> dict[str, Any]:
    expiry = {} if days is None else {"ExpirationInDays": days}
    return {"Status": "Enabled", **expiry, **more}


def versions(days: int, newer: int | None = None) -> dict[str, Any]:
    kept = {} if newer is None else {"NewerNoncurrentVersions": newer}
    return rule(NoncurrentVersionExpiration={"NoncurrentDays": days, **kept})


@pytest.mark.parametrize(
    ("old", "new", "loses"),
    [
        ([], [rule(30)], True),
        ([rule(30)], [rule(30), rule(7, Prefix="uploads/")], True),
        ([rule(7)], [rule(7), rule(30, Prefix="uploads/")], False),  # the wider rule has deleted them sooner
        ([rule(30)], [rule(365)], False),
        ([rule(30)], [rule(7, Status="Disabled")], False),
        ([rule(30, **TAGGED)], [rule(30)], True),
        ([rule(30)], [rule(30, **TAGGED)], False),
        ([rule(30, Prefix="uploads/")], [rule(30)], True),
        ([rule(30, Prefix="uploads/")], [rule(30, Prefix="uploads/drafts/")], False),
        ([rule(30, ObjectSizeGreaterThan=1000)], [rule(30)], True),
        ([rule(30, ObjectSizeGreaterThan=1000)], [rule(30, ObjectSizeGreaterThan="10")], True),
        ([rule(30, ObjectSizeLessThan=1000)], [rule(30, ObjectSizeLessThan=5000)], True),
        ([rule(30, ObjectSizeLessThan=5000)], [rule(30, ObjectSizeLessThan=1000)], False),
        ([], [rule(**LATER)], True),
        ([rule(**LATER)], [rule(**SOONER)], True),
        ([rule(**SOONER)], [rule(**LATER)], False),
        ([], [versions(30)], True),
        ([versions(30, 5)], [versions(30, 2)], True),
        ([versions(30, 5)], [versions(30)], True),  # all but five were deleted, and the five are now
        ([versions(30)], [versions(30, 5)], False),
        ([rule(30)], [{"Fn::If": ["Short", rule(7), rule(30)]}], True),
        ([rule(30)], [rule(30), rule(7, Status={"Ref": "Status"})], True),
        ([rule(30)], [rule({"Ref": "Days"})], True),  # not known before
    ],
)
def test_sooner_expiry_loses_objects(old: list[Any], new: list[Any], loses: bool) -> None:
    buckets = [{"LifecycleConfiguration": {"Rules": rules}} for rules in (old, new)]
    assert bool(list(deleted_sooner("AWS::S3::Bucket", *buckets))) is loses


def repository(*rules: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps({"rules": [{"selection": one, "action": {"type": "expire"}} for one in rules]})
    return {"LifecyclePolicy": {"LifecyclePolicyText": text}}


def last(count: int, status: str = "any", **more: Any) -> dict[str, Any]:
    return {"tagStatus": status, "countType": "imageCountMoreThan", "countNumber": count, **more}


def older(days: int, status: str = "any", **more: Any) -> dict[str, Any]:
    counted = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
    return {"tagStatus": status, **counted, **more}


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (repository(last(100)), repository(last(5)), "of its images the last 5 are kept; 100 so far"),
        (repository(last(5)), repository(last(100)), ""),
        ({}, repository(last(5)), "of its images the last 5 are kept; all so far"),
        (
            repository(older(90)),
            repository(older(14)),
            "images older than 14 days are deleted; 90 days so far",
        ),
        (
            repository(older(14, "untagged")),
            repository(older(14)),
            "images older than 14 days are deleted; not all of them so far",
        ),
        (repository(older(14)), repository(older(14, "untagged")), ""),
        (
            repository(last(9, "tagged", tagPrefixList=["prod"])),
            repository(last(9, "tagged", tagPrefixList=["test"])),
            "of its images (tag test, tagged) the last 9 are kept; all so far",
        ),
        (repository(last(9)), {}, ""),
    ],
)
def test_fewer_images_are_told(old: Any, new: Any, text: str) -> None:
    assert list(deleted_sooner("AWS::ECR::Repository", old, new)) == ([text] if text else [])


def test_unread_policy_may_delete_all() -> None:
    computed = {"LifecyclePolicy": {"LifecyclePolicyText": {"Ref": "Policy"}}}
    (text,) = deleted_sooner("AWS::ECR::Repository", repository(last(100)), computed)
    assert "not read" in text
    assert not list(deleted_sooner("AWS::ECR::Repository", computed, computed))
