"""The evaluator of policies decides as IAM's documentation says."""

import re
from typing import Any

import pytest

from tests.stacks.delivery.policies import accepts, allows

PROVIDER = "arn:aws:iam::123456789012:oidc-provider/issuer.example"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Resource": "*", **one} for one in statements]}


def test_deny_wins_over_allow() -> None:
    document = policy({"Action": "s3:*"}, {"Effect": "Deny", "Action": "s3:GetObject"})
    assert allows([document], "s3:PutObject", "a")
    assert not allows([document], "s3:GetObject", "a")
    elsewhere = policy({"Effect": "Deny", "Action": "*"})
    assert not allows([document, elsewhere], "s3:PutObject", "a")


def test_unnamed_is_denied() -> None:
    assert not allows([], "s3:GetObject", "a")
    assert not allows([policy({"Action": "s3:Get"})], "s3:GetObject", "a")


@pytest.mark.parametrize(
    ("pattern", "resource", "matches"),
    [
        ("a*", "a/b:c", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a[bc]", "ab", False),  # no set of letters
        ("a.c", "abc", False),
        ("A*", "abc", False),  # resources are compared case-sensitively
        ("a", "ab", False),
    ],
)
def test_wildcards_are_star_and_question_mark(pattern: str, resource: str, matches: bool) -> None:
    document = policy({"Action": "S3:getobject", "Resource": pattern})
    assert allows([document], "s3:GetObject", resource) is matches


def test_every_condition_must_hold() -> None:
    condition = {"StringEquals": {"a": ["1", "2"], "b": "3"}, "StringNotEquals": {"c": "4"}}
    document = policy({"Action": "s3:*", "Condition": condition})
    assert allows([document], "s3:GetObject", "x", {"a": "2", "b": "3"})
    for context in ({"a": "2"}, {"a": "3", "b": "3"}, {"a": "1", "b": "3", "c": "4"}):
        assert not allows([document], "s3:GetObject", "x", context)


def test_not_resource_spares_what_it_names() -> None:
    spared = {"Statement": [{"Effect": "Deny", "Action": "s3:*", "NotResource": ["a*", "b"]}]}
    document = policy({"Action": "s3:*"})
    assert allows([document, spared], "s3:GetObject", "ab")
    assert not allows([document, spared], "s3:GetObject", "c")
    assert not allows([document, spared], "s3:GetObject", "*")


def test_unknown_parts_are_not_passed_over() -> None:
    with pytest.raises(NotImplementedError, match="NotAction"):
        allows([policy({"NotAction": "s3:*", "Action": "s3:*"})], "s3:GetObject", "a")
    bound = policy({"Action": "s3:*", "Condition": {"DateLessThan": {"a": "1"}}})
    with pytest.raises(NotImplementedError, match=re.escape("the operator DateLessThan")):
        allows([bound], "s3:GetObject", "a", {"a": "1"})


def test_wildcard_subject_would_be_noticed() -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    wide = {"StringLike": {"issuer.example:sub": "repo:shop/*"}}
    trust = {"Statement": [{**statement, "Condition": wide}]}
    assert accepts(trust, PROVIDER, {"sub": "repo:shop/other:ref:refs/heads/x"})
    assert not accepts(trust, f"{PROVIDER}/other", {"sub": "repo:shop/other:ref:refs/heads/x"})
