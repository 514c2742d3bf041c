"""What two OpenAPI documents differ in, operation by operation."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from cli.errors import UserError
from ops.diff.api.additions import additions
from ops.diff.api.changes import ApiChange
from ops.diff.api.requests import Narrowing
from ops.diff.api.responses import Promises
from ops.diff.api.schemas import expanded, resolved
from ops.diff.api.security import security_changes
from ops.diff.values import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# How a parameter is written into a request; the same of the parts of a form.
_WRITTEN = ("style", "explode", "allowReserved", "content")
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_Operations = dict[str, dict[str, Any]]


def api_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[ApiChange]:
    """Return what changes from one OpenAPI document to the other, what breaks clients first."""
    before, after = _operations(old), _operations(new)
    found = [*_routes(before, after), *_servers(old, new)]
    for name in before.keys() & after.keys():
        compared = _Operation(name, dict(old), dict(new), before[name], after[name])
        found += compared.changes()
    if not found and {**old, "info": None} != {**new, "info": None}:
        what = "descriptions, defaults or optional fields change"
        found.append(ApiChange("some operations", what, breaking=False))
    return sorted(dict.fromkeys(found), key=lambda one: (not one.breaking, one.operation, one.what))


def read_document(file: Path) -> dict[str, Any]:
    """Return the OpenAPI document of a file; raise UserError where there is none."""
    try:
        value = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{file}: it is no JSON document: {error}.", hint="`make openapi` writes it."
        ) from error
    if not isinstance(value, dict) or not isinstance(value.get("paths"), dict):
        raise UserError(
            f"{file}: it is no OpenAPI document: it has no paths.", hint="`make openapi` writes it."
        )
    return value


def _operations(document: Mapping[str, Any]) -> _Operations:
    """Return the operations by method and path, as in "GET /reports/{}": a parameter's name is not sent."""
    return {
        f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path)}": {
            **operation,
            "parameters": [*item.get("parameters", []), *operation.get("parameters", [])],
            "places": re.findall(r"{([^}]*)}", path),
            "security": operation.get("security", document.get("security", [])),
        }
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in _METHODS
    }


def _routes(before: _Operations, after: _Operations) -> Iterator[ApiChange]:
    paths = {name.partition(" ")[2] for name in after}
    for name in before.keys() - after.keys():
        what = "the method" if name.partition(" ")[2] in paths else "the path"
        yield ApiChange(name, f"{what} is gone", breaking=True)
    for name in after.keys() - before.keys():
        yield ApiChange(name, "is new", breaking=False)


def _servers(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[ApiChange]:
    # Without servers, paths begin at the root of the address by which the document is had.
    before, after = ([one["url"] for one in side.get("servers", [])] or ["/"] for side in (old, new))
    for url in before:
        if url not in after:
            yield ApiChange("every operation", f"the address {url} is gone", breaking=True)


class _Operation:
    """One operation of two documents."""

    def __init__(
        self,
        name: str,
        old_document: dict[str, Any],
        new_document: dict[str, Any],
        old: dict[str, Any],
        new: dict[str, Any],
    ) -> None:
        self._name, self._old, self._new = name, old, new
        self._documents = (old_document, new_document)
        self._requests = Narrowing(old_document, new_document)
        self._responses = Promises(old_document, new_document)

    def changes(self) -> Iterator[ApiChange]:
        secured = security_changes(self._documents, self._old["security"], self._new["security"])
        for what, breaking in (*self._parameters(), *self._body(), *self._answers(), *secured):
            yield ApiChange(self._name, what, breaking)
        if self._new.get("deprecated") and not self._old.get("deprecated"):
            yield ApiChange(self._name, "is deprecated", breaking=False)

    def _parameters(self) -> Iterator[tuple[str, bool]]:
        before, after = (
            {
                _sent_as(one, side["places"]): one
                for one in (resolved(document, each) for each in side["parameters"])
            }
            for document, side in zip(self._documents, (self._old, self._new), strict=True)
        )
        for name, one in after.items():
            label = f"{name[0]} parameter {one['name']}"
            if name not in before:
                yield (
                    (f"{label} is new and required", True)
                    if one.get("required")
                    else (f"{label} is new", False)
                )
                continue
            if one.get("required") and not before[name].get("required"):
                yield f"{label} is required", True
            yield from self._additions(before[name], one, label)
            for reason in self._requests.found(
                before[name].get("schema", True), one.get("schema", True), label
            ):
                yield reason, True
            yield from self._written(before[name], one, label)
        for name in before.keys() - after.keys():
            # FastAPI passes over a parameter that it does not know: a request is answered, but not as it
            # asks. Without `before`, the first page comes again and again.
            label = f"{name[0]} parameter {before[name]['name']}"
            yield f"{label} is no longer read: what it asks for is passed over", True

    def _written(self, old: dict[str, Any], new: dict[str, Any], label: str) -> Iterator[tuple[str, bool]]:
        for keyword in _WRITTEN:
            before, after = (
                expanded(document, side.get(keyword))
                for document, side in zip(self._documents, (old, new), strict=True)
            )
            if before != after:
                yield f"{label} is written in another way: {keyword} {shown(before)} → {shown(after)}", True

    def _body(self) -> Iterator[tuple[str, bool]]:
        before, after = (
            resolved(document, side.get("requestBody", {}))
            for document, side in zip(self._documents, (self._old, self._new), strict=True)
        )
        if after.get("required") and not before.get("required"):
            yield "a body is required", True
        if before.get("required") and after and not after.get("required"):
            yield "a body may be left out", False
        old, new = before.get("content", {}), after.get("content", {})
        for media_type in old:
            if media_type not in new:
                yield f"a body of {media_type} is refused", True
                continue
            schemas = [each[media_type].get("schema", True) for each in (old, new)]
            for reason in self._requests.found(schemas[0], schemas[1], "body"):
                yield reason, True
            yield from self._additions(old[media_type], new[media_type], "body")
            yield from self._parts(*(each[media_type].get("encoding", {}) for each in (old, new)))
        for media_type in new.keys() - old.keys():
            yield f"a body may be {media_type}", False

    def _additions(self, old: dict[str, Any], new: dict[str, Any], label: str) -> Iterator[tuple[str, bool]]:
        before, after = (
            expanded(document, side.get("schema"))
            for document, side in zip(self._documents, (old, new), strict=True)
        )
        for what in additions(before, after, label):
            yield what, False
        if new.get("deprecated") and not old.get("deprecated"):
            yield f"{label} is deprecated", False

    def _parts(self, old: dict[str, Any], new: dict[str, Any]) -> Iterator[tuple[str, bool]]:
        for name, one in new.items():
            label, before = f"body.{name}", old.get(name, {})
            taken, so_far = (_media_types(each.get("contentType")) for each in (one, before))
            if taken and not so_far:
                yield f"{label} takes only {', '.join(sorted(taken))}", True
            elif taken and (refused := so_far - taken):
                yield f"{label} no longer takes {', '.join(sorted(refused))}", True
            yield from self._written(before, one, label)

    def _answers(self) -> Iterator[tuple[str, bool]]:
        before, after = (
            {status: resolved(document, one) for status, one in side.get("responses", {}).items()}
            for document, side in zip(self._documents, (self._old, self._new), strict=True)
        )
        came = after.keys() - before.keys()
        for status, one in before.items():
            if status not in after:
                # An error that is answered no more is one less, unless another takes its place.
                yield f"{status} is answered no more", not _is_error(status) or any(map(_is_error, came))
                continue
            new = after[status]
            yield from self._headers(one.get("headers", {}), new.get("headers", {}), str(status))
            contents = one.get("content", {}), new.get("content", {})
            for media_type in contents[0]:
                if media_type not in contents[1]:
                    yield f"{status} is not {media_type} any more", True
                    continue
                schemas = [each[media_type].get("schema", True) for each in contents]
                yield from self._responses.found(schemas[0], schemas[1], str(status))
            for media_type in contents[1].keys() - contents[0].keys():
                yield f"{status} may be {media_type}", False
        for status in came:
            yield f"{status} may be answered", False

    def _headers(self, old: dict[str, Any], new: dict[str, Any], status: str) -> Iterator[tuple[str, bool]]:
        after = {name.lower(): resolved(self._documents[1], one) for name, one in new.items()}
        for name, given in old.items():
            one, other = resolved(self._documents[0], given), after.get(name.lower())
            if other is None:
                yield f"{status} has no header {name} any more", True
                continue
            if one.get("required") and not other.get("required"):
                yield f"{status} may have no header {name}", True
            schemas = one.get("schema", True), other.get("schema", True)
            yield from self._responses.found(*schemas, f"{status} header {name}")


def _is_error(status: Any) -> bool:
    return str(status).startswith(("4", "5"))


def _media_types(listed: Any) -> set[str]:
    return {one.strip() for one in listed.split(",")} if isinstance(listed, str) else set()


def _sent_as(parameter: Mapping[str, Any], places: list[str]) -> tuple[str, str]:
    # Names of headers know no case; of a part of the path the place is sent, and no name.
    where, name = parameter["in"], parameter["name"]
    if where == "path" and name in places:
        return where, str(places.index(name))
    return where, name.lower() if where == "header" else name
