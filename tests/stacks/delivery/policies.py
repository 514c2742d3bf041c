"""IAM's decision over policy documents: what a role may do, and whose token it accepts.

An explicit Deny is final, what no statement allows is denied. Only what the policies here use is known;
anything else raises, so that no statement is passed over.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

Document = Mapping[str, Any]
Context = Mapping[str, str]

_KNOWN = {"Sid", "Effect", "Action", "Resource", "NotResource", "Condition", "Principal"}


def allows(
    documents: Sequence[Document], action: str, resource: str = "*", context: Context | None = None
) -> bool:
    """Say whether identity policies allow an action on a resource."""
    effects = {
        statement["Effect"]
        for statement in _statements(documents)
        if _names(statement["Action"], action, ignore_case=True)
        and _covers(statement, resource)
        and _holds(statement.get("Condition", {}), context or {})
    }
    return effects == {"Allow"}


def accepts(trust: Document, provider: str, claims: Context) -> bool:
    """Say whether a trust policy lets a token of an OIDC provider, with these claims, assume its role."""
    issuer = provider.partition("oidc-provider/")[2]
    context = {f"{issuer}:{name}": value for name, value in claims.items()}
    effects = {
        statement["Effect"]
        for statement in _statements([trust])
        if _names(statement["Action"], "sts:AssumeRoleWithWebIdentity", ignore_case=True)
        and provider in _listed(statement["Principal"].get("Federated", []))
        and _holds(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


def _statements(documents: Sequence[Document]) -> list[Mapping[str, Any]]:
    found = [statement for document in documents for statement in _listed(document["Statement"])]
    unknown = {key for statement in found for key in statement} - _KNOWN
    if unknown:
        raise NotImplementedError(f"{', '.join(sorted(unknown))} in a statement")
    return found


def _covers(statement: Mapping[str, Any], resource: str) -> bool:
    if "NotResource" in statement:
        return not _names(statement["NotResource"], resource)
    return _names(statement["Resource"], resource)


def _holds(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    # Every operator and key must hold, for any of its values.
    return all(
        _compares(operator, context.get(key), [str(value) for value in _listed(expected)])
        for operator, keys in condition.items()
        for key, expected in keys.items()
    )


def _compares(operator: str, given: str | None, expected: list[str]) -> bool:
    match operator:
        case "StringEquals":
            return given in expected
        case "StringNotEquals":
            return given not in expected
        case "StringLike":
            return given is not None and _names(expected, given)
        case "Null":
            return expected == [str(given is None).lower()]
    raise NotImplementedError(f"the operator {operator}")


def _names(patterns: Any, value: str, *, ignore_case: bool = False) -> bool:
    return any(_pattern(one, ignore_case).fullmatch(value) for one in _listed(patterns))


@cache
def _pattern(text: str, ignore_case: bool) -> re.Pattern[str]:
    # * is any text, ? any character; nothing else is special, as it would be to fnmatch.
    wild = re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(wild, re.DOTALL | (re.IGNORECASE if ignore_case else re.NOFLAG))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
