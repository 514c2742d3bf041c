"""Compares each answer of the service with docs/openapi.json: status, media type, headers and body."""

import json
import re
from functools import cache
from typing import Any

import httpx2
import jsonschema

from local.home import REPOSITORY

OPENAPI = json.loads((REPOSITORY / "docs" / "openapi.json").read_text("utf-8"))
# Of HTTP itself: the document need not name them.
_OF_HTTP = {"content-length", "content-type", "date", "connection", "allow"}


def check_answer(answer: httpx2.Response) -> None:
    """Fail unless the document describes this answer; requests of no operation are not looked at."""
    operation = _operation(answer.request.method, answer.request.url.path)
    if operation is None:
        return
    answer.read()
    assert str(answer.status_code) in operation["responses"], f"{answer.status_code} is not documented"
    due = operation["responses"][str(answer.status_code)]
    declared = {name.lower() for name in due["headers"]}
    assert set(answer.headers) <= declared | _OF_HTTP, "a header is not documented"
    if answer.status_code in (204, 304):
        assert answer.content == b""
        return
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in due["content"], f"{kind} is not documented for {answer.status_code}"
    body = answer.json() if kind.endswith("json") else answer.text
    _validator(json.dumps(due["content"][kind]["schema"])).validate(body)


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, operations in OPENAPI["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found: dict[str, Any] | None = operations.get(method.lower())
            return found
    return None


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({**json.loads(schema), "components": OPENAPI["components"]})
