"""Which credentials an operation asks for, and whether those that were enough still are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# By these, a client tells how to send a credential; the rest describes it.
_SENT = ("type", "scheme", "in", "name", "openIdConnectUrl", "flows")


def security_changes(
    documents: tuple[Mapping[str, Any], Mapping[str, Any]], old: list[Any], new: list[Any]
) -> Iterator[tuple[str, bool]]:
    """Yield what changes of the credentials of an operation, and whether a client is refused by it.

    `old` and `new` are its requirements, one of which is enough; without any, nobody is asked.
    """
    before = [_needed(documents[0], one) for one in old] or [{}]
    after = [_needed(documents[1], one) for one in new] or [{}]
    if not all(any(_meets(sent, needed) for needed in after) for sent in before):
        yield "it needs another credential", True
    elif {} in after and {} not in before:
        yield "it needs no credential any more", False
    elif any(needed not in before for needed in after):
        yield "another credential is enough, too", False


def _needed(document: Mapping[str, Any], requirement: Mapping[str, list[str]]) -> dict[str, frozenset[str]]:
    """Return the scopes that a requirement asks for, by how each credential is sent."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    return {
        repr([schemes.get(name, {}).get(key) for key in _SENT] if name in schemes else name): frozenset(
            scopes
        )
        for name, scopes in requirement.items()
    }


def _meets(sent: Mapping[str, frozenset[str]], needed: Mapping[str, frozenset[str]]) -> bool:
    return all(key in sent and scopes <= sent[key] for key, scopes in needed.items())
