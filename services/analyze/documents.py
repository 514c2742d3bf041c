"""What FastAPI cannot read off the code, for the OpenAPI document: problems per route, the multipart form."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.analyze.intake import FIELD, MAX_PHOTOS, Named
from services.analyze.problems import MEDIA_TYPE, Problem
from services.core.domain.report import Report

_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds after which to try again"}}
_RETRIED = (409, 429, 503)


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    content = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    return {
        status: {
            "description": "What is wrong, and how to mend it",
            "content": content,
            **({"headers": _RETRY} if status in _RETRIED else {}),
        }
        for status in statuses
    }


def openapi(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the form of a problem in it: FastAPI adds only what routes return."""
    document = get_openapi(
        title=api.title, version=api.version, description=api.description, routes=api.routes
    )
    document["components"]["schemas"][Problem.__name__] = Problem.model_json_schema()
    return document


CALLER_PROBLEMS = _problems(401, 422, 500, 503)
REPORT_PROBLEMS = _problems(401, 404, 422, 500, 503)
_WAITED = {
    "Preference-Applied": {"schema": {"type": "string"}, "description": "What was applied of `Prefer`"}
}
REPORT_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"headers": _WAITED}, **REPORT_PROBLEMS}
_REPLAYED = {
    "Idempotent-Replayed": {
        "schema": {"const": "true"},
        "description": "Sent when the Idempotency-Key already stood for this report",
    }
}
ANALYZE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Server-Timing": {"schema": {"type": "string"}, "description": "Milliseconds of each stage"},
            **_REPLAYED,
            **_WAITED,
        }
    },
    202: {
        "description": "Accepted: the report will be at `Location`, whatever becomes of this connection",
        "model": Report,
        "headers": {
            "Location": {"schema": {"type": "string"}, "description": "Where the report will be"},
            **_RETRY,
            **_REPLAYED,
            **_WAITED,
        },
    },
    **_problems(401, 404, 409, 413, 415, 422, 429, 500, 502, 503),
}

ANALYZE_BODIES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": [FIELD],
                    "additionalProperties": False,
                    "properties": {
                        FIELD: {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "minItems": 1,
                            "maxItems": MAX_PHOTOS,
                            "description": "Photos of one thing: JPEG, PNG, WebP or HEIC, 10 MB in all",
                        }
                    },
                }
            },
            "application/json": {"schema": Named.model_json_schema()},
        },
    }
}
