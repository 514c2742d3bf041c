"""Who is foreign: the principals of a statement that are not of the environment's own account."""

from __future__ import annotations

import json
import re

from ops.diff.values import plain

# Of what a condition says about the caller; what it says of the resource or the request binds nobody.
_CALLER = re.compile(
    r"(aws:(source(arn|account|owner|vpc|vpce)|principal(arn|account)|calledvia)"
    r"|kms:(calleraccount|encryptioncontext.*)|ec2:sourceinstancearn)$",
    re.IGNORECASE,
)
# Those that fail where the key is absent, or has another value.
_OPERATORS = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")
# A reference to something of this account; these are the same in every account.
_OWN = re.compile(r"\$\{(?!AWS::(Partition|Region|URLSuffix)\})")
_PSEUDO = re.compile(r"\$\{AWS::(\w+)\}")
_ARN = re.compile(r"arn:[^:]*:(?:iam|sts)::([^:]*):")
# An attribute of a resource, or what another stack of this account exports.
_OF_STACKS = re.compile(r"\$\{[^}]*[.:][^}]*\}")


def foreign(principal: str, condition: str, *, trusts: bool) -> str | None:
    """Return who a principal of a resource's statement lets in from outside the account; None for nobody.

    `condition` is the statement's, as JSON: it may bind to the own account whoever is named. A service that a
    role `trusts` acts for the account that passes the role to it; elsewhere, it acts for any account.
    """
    kind, _, name = principal.partition(":")
    if kind == "Federated":
        return f"whoever signs in at {plain(name)}"
    if kind == "CanonicalUser":
        return f"another account ({name})"
    if kind == "Service":
        return None if trusts or _binds(condition) else f"{name}, for any account,"
    if principal in ("*", "AWS:*"):
        return None if _binds(condition) else "everyone"
    account = _account(name)
    if account == "<AccountId>" or _OF_STACKS.fullmatch(account):
        return None
    return f"another account ({plain(name)})"


def is_root(principal: str) -> bool:
    """Say whether a principal is the own account as a whole, whose own policies then decide."""
    name = principal.removeprefix("AWS:")
    return _account(name) == "<AccountId>" and (":" not in _PSEUDO.sub("", name) or name.endswith(":root"))


def _account(name: str) -> str:
    text = _PSEUDO.sub(r"<\1>", name)
    arn = _ARN.match(text)
    return arn[1] if arn else text


def _binds(condition: str) -> bool:
    """Say whether a condition lets nobody in but who acts for something of the own account."""
    tests = json.loads(condition) if condition else {}
    return any(
        _CALLER.match(key) and values and all(_OWN.search(value) for value in values)
        for operator, keys in tests.items()
        if operator in _OPERATORS and isinstance(keys, dict)
        for key, values in keys.items()
    )
