"""Changes of our own document, and whether each breaks a client."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cli.cdk import ROOT
from cli.errors import UserError
from ops.diff.api.operations import api_changes, read_document

Document = dict[str, Any]


@cache
def document() -> Document:
    return read_document(ROOT / "docs" / "openapi.json")


def schema(name: str, one: Document) -> dict[str, Any]:
    found: dict[str, Any] = one["components"]["schemas"][name]
    return found


def post(one: Document) -> dict[str, Any]:
    found: dict[str, Any] = one["paths"]["/analyze"]["post"]
    return found


def form(one: Document) -> dict[str, Any]:
    found: dict[str, Any] = post(one)["requestBody"]["content"]["multipart/form-data"]
    return found


def photos(one: Document) -> dict[str, Any]:
    found: dict[str, Any] = form(one)["schema"]["properties"]["images"]
    return found


def parameters(one: Document, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = one["paths"][path]["get"]["parameters"]
    return found


BREAKING: dict[str, tuple[Callable[[Document], object], str, str]] = {
    "path": (lambda one: one["paths"].pop("/uploads"), "POST /uploads", "the path is gone"),
    "method": (
        lambda one: one["paths"]["/reports/{report_id}"].pop("delete"),
        "DELETE /reports/{}",
        "the method is gone",
    ),
    "response status": (
        lambda one: post(one)["responses"].pop("202"),
        "POST /analyze",
        "202 is answered no more",
    ),
    "response media type": (
        lambda one: one["paths"]["/reports"]["get"]["responses"]["200"]["content"].pop("text/csv"),
        "GET /reports",
        "200 is not text/csv any more",
    ),
    "response header": (
        lambda one: post(one)["responses"]["202"]["headers"].pop("Location"),
        "POST /analyze",
        "202 has no header Location any more",
    ),
    "response property": (
        lambda one: schema("Report", one)["properties"].pop("listing"),
        "GET /reports/{}",
        "200.listing is gone",
    ),
    "response property may be absent": (
        lambda one: schema("Problem", one)["required"].remove("title"),
        "POST /analyze",
        "422.title may be absent",
    ),
    "response type": (
        lambda one: schema("Report", one)["properties"].update(id={"type": "integer"}),
        "GET /reports/{}",
        "200.id may be integer",
    ),
    "required parameter": (
        lambda one: post(one)["parameters"].append(
            {"name": "shop", "in": "query", "required": True, "schema": {"type": "string"}}
        ),
        "POST /analyze",
        "query parameter shop is new and required",
    ),
    "parameter becomes required": (
        lambda one: post(one)["parameters"][0].update(required=True),
        "POST /analyze",
        "header parameter idempotency-key is required",
    ),
    "request enum value": (
        lambda one: post(one)["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"][
            "languages"
        ]["items"]["enum"].remove("fr"),
        "POST /analyze",
        "body.languages[] no longer takes fr",
    ),
    "field of a closed body": (
        lambda one: post(one)["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"].pop(
            "languages"
        ),
        "POST /analyze",
        "body.languages is refused",
    ),
    "limit": (
        lambda one: photos(one).update(maxItems=4),
        "POST /analyze",
        "body.images is limited: maxItems 8 → 4",
    ),
    "required field": (
        lambda one: schema("ProductPatch", one).update(required=["type"]),
        "PATCH /reports/{}",
        "body.product.type is required",
    ),
    "request media type": (
        lambda one: post(one)["requestBody"]["content"].pop("application/json"),
        "POST /analyze",
        "a body of application/json is refused",
    ),
    "query parameter": (
        # FastAPI passes over it: the first page comes again and again.
        lambda one: parameters(one, "/reports").pop(1),
        "GET /reports",
        "query parameter before is no longer read: what it asks for is passed over",
    ),
    "header that a request sends": (
        lambda one: post(one)["parameters"].pop(0),
        "POST /analyze",
        "header parameter idempotency-key is no longer read: what it asks for is passed over",
    ),
    "limit of a parameter": (
        lambda one: parameters(one, "/reports")[0]["schema"].update(maximum=50),
        "GET /reports",
        "query parameter limit is limited: maximum 100 → 50",
    ),
    "form of a parameter": (
        lambda one: parameters(one, "/reports")[3].update(explode=False),
        "GET /reports",
        "query parameter ids is written in another way: explode none → false",
    ),
    "media type of a part": (
        lambda one: form(one)["encoding"]["images"].update(contentType="image/jpeg, image/png, image/webp"),
        "POST /analyze",
        "body.images no longer takes image/heic",
    ),
    "header's form": (
        lambda one: post(one)["responses"]["202"]["headers"]["Location"].update(schema={"type": "integer"}),
        "POST /analyze",
        "202 header Location may be integer",
    ),
    "moved error": (
        lambda one: post(one)["responses"].update({"410": post(one)["responses"].pop("409")}),
        "POST /analyze",
        "409 is answered no more",
    ),
    "field that may be null": (
        lambda one: schema("Report", one)["properties"].update(
            id={"anyOf": [{"type": "string"}, {"type": "null"}]}
        ),
        "GET /reports/{}",
        "200.id may be null",
    ),
    "second credential": (
        lambda one: (
            one["components"]["securitySchemes"].update(Key={"type": "apiKey", "in": "header", "name": "X"}),
            post(one).update(security=[{"HTTPBearer": [], "Key": []}]),
        ),
        "POST /analyze",
        "it needs another credential",
    ),
    "moved status": (
        lambda one: post(one)["responses"].update({"201": post(one)["responses"].pop("202")}),
        "POST /analyze",
        "202 is answered no more",
    ),
    "kind of credential": (
        lambda one: one["components"]["securitySchemes"].update(
            HTTPBearer={"type": "apiKey", "in": "header", "name": "X-Key"}
        ),
        "GET /reports",
        "it needs another credential",
    ),
    "address": (
        lambda one: one.update(servers=[{"url": "/v2"}]),
        "every operation",
        "the address / is gone",
    ),
    "credential": (
        lambda one: one["paths"]["/healthz"]["get"].update(security=[{"HTTPBearer": []}]),
        "GET /healthz",
        "it needs another credential",
    ),
}


def rename_parameter(one: Document) -> None:
    item = one["paths"].pop("/reports/{report_id}")
    text = json.dumps(item).replace('"name": "report_id"', '"name": "id"')
    one["paths"]["/reports/{id}"] = json.loads(text)


ADDITIONS: dict[str, Callable[[Document], object]] = {
    "path": lambda one: one["paths"].update({"/shops": {"get": {"responses": {}}}}),
    "method": lambda one: one["paths"]["/uploads"].update(get={"responses": {}}),
    "parameter": lambda one: post(one)["parameters"].append({"name": "x", "in": "query", "schema": {}}),
    "status": lambda one: post(one)["responses"].update({"418": {"description": ""}}),
    "error that comes no more": lambda one: post(one)["responses"].pop("409"),
    "response media type": lambda one: post(one)["responses"]["202"]["content"].update({"text/csv": {}}),
    "optional body": lambda one: post(one)["requestBody"].update(required=False),
    "other credential": lambda one: post(one)["security"].append({"Key": []}),
    "response property": lambda one: schema("Report", one)["properties"].update(shop={"type": "string"}),
    "request property": lambda one: schema("ProductPatch", one)["properties"].update(size={"type": "string"}),
    "request enum value": lambda one: post(one)["requestBody"]["content"]["multipart/form-data"]["schema"][
        "properties"
    ]["languages"]["items"]["enum"].append("de"),
    "limit": lambda one: photos(one).update(maxItems=12),
    "default": lambda one: parameters(one, "/reports")[0]["schema"].update(default=5),
    "deprecated operation": lambda one: post(one).update(deprecated=True),
    "name of a path's parameter": rename_parameter,
    "text of the credential": lambda one: one["components"].update(
        securitySchemes={
            "HTTPBearer": {**one["components"]["securitySchemes"]["HTTPBearer"], "description": ""}
        }
    ),
    "no credential": lambda one: post(one).update(security=[]),
    "texts": lambda one: post(one).update(description="Other words.", summary="Other", operationId="other"),
}


def changed(change: Callable[[Document], object]) -> Document:
    copy = deepcopy(document())
    change(copy)
    return copy


@pytest.mark.parametrize("name", BREAKING)
def test_breaking_change_is_named(name: str) -> None:
    change, operation, what = BREAKING[name]
    found = {(one.operation, one.what) for one in api_changes(document(), changed(change)) if one.breaking}
    assert (operation, what) in found


@pytest.mark.parametrize("name", ADDITIONS)
def test_addition_breaks_nothing(name: str) -> None:
    assert not [one for one in api_changes(document(), changed(ADDITIONS[name])) if one.breaking]


@pytest.mark.parametrize(
    ("name", "operation", "what"),
    [
        ("request property", "PATCH /reports/{}", "body.product.size may be sent"),
        ("request enum value", "POST /analyze", "body.languages[] may also be de"),
        ("limit", "POST /analyze", "body.images is limited less: maxItems 8 → 12"),
        ("default", "GET /reports", "query parameter limit is 5 where it is left out; 20 so far"),
        ("deprecated operation", "POST /analyze", "is deprecated"),
        ("error that comes no more", "POST /analyze", "409 is answered no more"),
        ("response media type", "POST /analyze", "202 may be text/csv"),
        ("optional body", "POST /analyze", "a body may be left out"),
        ("other credential", "POST /analyze", "another credential is enough, too"),
        ("texts", "some operations", "descriptions, defaults or optional fields change"),
    ],
)
def test_addition_is_named(name: str, operation: str, what: str) -> None:
    found = [(one.operation, one.what) for one in api_changes(document(), changed(ADDITIONS[name]))]
    assert found == [(operation, what)]


def test_same_document_has_no_changes() -> None:
    assert api_changes(document(), deepcopy(document())) == []


@pytest.mark.parametrize(("text", "words"), [("{", "no JSON document"), ("{}", "no paths")])
def test_broken_document_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "openapi.json"
    file.write_text(text)
    with pytest.raises(UserError, match=words):
        read_document(file)
    file.write_text(json.dumps(document()))
    assert read_document(file) == document()
