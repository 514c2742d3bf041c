"""The OpenAPI document; `python -m services.analyze.openapi FILE` writes it, so that a change of it is seen.

Holds what FastAPI cannot read off the routes: the problems and headers of each, the multipart form, and the
gateway's own errors.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from services.analyze.corrections import MERGE_PATCH, ReportPatch
from services.analyze.documents import Report
from services.analyze.form import FIELD, LANGUAGES_FIELD
from services.analyze.intake import Named
from services.core.domain.languages import LANGUAGES
from services.core.photos.photo import MAX_PHOTOS
from services.web.problems import MEDIA_TYPE, Problem

Answers = dict[int | str, dict[str, Any]]
_TEXT = {"type": "string"}
# Every header of every answer.
_HEADERS: dict[str, tuple[dict[str, Any], str]] = {
    "Apigw-Requestid": (_TEXT, "The gateway's id of the request; absent without the gateway"),
    "Cache-Control": (
        {"enum": ["no-store", "private, max-age=3600"]},
        "`no-store`: the answer is for the caller alone. Only the catalogue may be kept",
    ),
    "Content-Disposition": (_TEXT, "Of `format=csv`: the file's name, which says until when its links hold"),
    "Content-Security-Policy": (_TEXT, "Of a card: its own style, the photos, and nothing else"),
    "ETag": (_TEXT, "Of the catalogue: its version and language; `If-None-Match` takes it"),
    "Idempotent-Replayed": ({"const": "true"}, "Sent when the Idempotency-Key already stood for this report"),
    "Link": (_TEXT, 'The next page as `rel="next"` (RFC 8288); absent on the last one'),
    "Location": (
        {"type": "string", "format": "uri-reference"},
        "Where the report will be, relative to the address of this request",
    ),
    "Preference-Applied": (_TEXT, "What was applied of `Prefer`"),
    "Referrer-Policy": ({"const": "no-referrer"}, "Of a card"),
    "Retry-After": ({"type": "integer"}, "Seconds after which to ask again; absent once a report has ended"),
    "Server-Timing": (_TEXT, "Milliseconds of each stage that was reached"),
    "Timing-Allow-Origin": ({"const": "*"}, "Lets a page read how long its requests took"),
    "Vary": (
        {"enum": ["Accept", "Accept-Language"]},
        "The media type is chosen by this header, or the language, unless the request names `languages`",
    ),
    "WWW-Authenticate": ({"const": "Bearer"}, "How to authenticate"),
    "X-Content-Type-Options": ({"const": "nosniff"}, "Of a card"),
}
_RETRIED = (409, 429, 503)


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _problems(*statuses: int) -> Answers:
    content = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}
    headers = {401: _headers("WWW-Authenticate"), **dict.fromkeys(_RETRIED, _headers("Retry-After"))}
    return {
        status: {
            "description": "What is wrong, and how to mend it",
            "content": content,
            "headers": headers.get(status, {}),
        }
        for status in statuses
    }


def _with_headers(answers: Answers, *names: str) -> Answers:
    return {
        status: {**answer, "headers": {**answer.get("headers", {}), **_headers(*names)}}
        for status, answer in answers.items()
    }


class GatewayMessage(BaseModel):
    """An error that the gateway answers itself, before or in place of the service."""

    message: str


_BY_GATEWAY = {
    401: "no access token",
    403: "the access token is not valid",
    404: "no such route",
    413: "the body is over 10 MB",
    429: "too many requests at once; try again",
    500: "the token could not be checked; try again",
    503: "the service does not answer within 30 s; try again",
}


def _add_gateway(answers: dict[str, Any]) -> None:
    # Its 413 is plain text, and no setting changes that.
    message = {"application/json": {"schema": {"$ref": f"#/components/schemas/{GatewayMessage.__name__}"}}}
    for status, reason in _BY_GATEWAY.items():
        answer = answers.setdefault(str(status), {"description": "", "content": {}})
        by_gateway = f"By the gateway: {reason}"
        answer["description"] = ". ".join(filter(None, [answer["description"], by_gateway]))
        content = {"text/plain": {"schema": _TEXT}} if status == 413 else message
        answer["content"] = {**answer["content"], **content}


def document(api: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document: what FastAPI reads off the routes, and what it cannot.

    That is the schema of problems, the headers of every answer, and what the gateway answers in the service's
    stead.
    """
    written = get_openapi(
        title=api.title, version=api.version, description=api.description, routes=api.routes
    )
    schemas = written["components"]["schemas"]
    for model in (Problem, GatewayMessage, ReportPatch):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    written["components"]["headers"] = {
        name: {"schema": schema, "description": text} for name, (schema, text) in _HEADERS.items()
    }
    for path in written["paths"].values():
        for operation in path.values():
            # The gateway has no route of those that need no token.
            if "security" in operation:
                _add_gateway(operation["responses"])
            operation["responses"] = _with_headers(
                operation["responses"], "Apigw-Requestid", "Timing-Allow-Origin"
            )
    return written


PREFER: dict[str, Any] = {
    "parameters": [
        {
            "name": "Prefer",
            "in": "header",
            "required": False,
            "schema": _TEXT,
            "description": "`wait=N`: answer within N seconds, 25 at most, with the report or without it;"
            " `respond-async`: answer at once (RFC 7240)",
            "example": "wait=10",
        }
    ]
}
CALLER_PROBLEMS = _problems(401, 403, 422, 500, 503)
PAGE_ANSWERS: Answers = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string", "description": "RFC 4180, UTF-8, with a line of names"}}
        },
        "headers": _headers("Cache-Control", "Content-Disposition", "Link"),
    },
    **_problems(401, 403, 404, 422, 500, 503),
}
_CACHED = _headers("Cache-Control", "ETag", "Vary")
CATALOGUE_ANSWERS: Answers = {
    200: {"headers": _CACHED},
    304: {"description": "The catalogue that the request names in `If-None-Match`", "headers": _CACHED},
    **CALLER_PROBLEMS,
}
REPORT_PROBLEMS = _problems(401, 403, 404, 422, 500, 503)
REPORT_ANSWERS: Answers = {
    200: {
        "content": {
            "text/html": {"schema": {"type": "string", "description": "A card to print, without scripts"}}
        },
        "headers": _headers(
            *("Cache-Control", "Content-Security-Policy", "Preference-Applied", "Referrer-Policy"),
            *("Retry-After", "Vary", "X-Content-Type-Options"),
        ),
    },
    **REPORT_PROBLEMS,
}
ERASED_ANSWERS: Answers = {200: {"headers": _headers("Cache-Control")}, **REPORT_PROBLEMS}
CORRECTED_ANSWERS: Answers = {
    200: {"headers": _headers("Cache-Control")},
    **_problems(401, 403, 404, 409, 413, 415, 422, 500, 503),
}
WORDED_ANSWERS: Answers = {
    200: {"headers": _headers("Cache-Control")},
    **_problems(401, 403, 404, 409, 422, 500, 503),
}
_SUBMITTED = _headers("Idempotent-Replayed", "Preference-Applied", "Vary", "Cache-Control")
ANALYZE_ANSWERS = _with_headers(
    {
        200: {"headers": _SUBMITTED},
        202: {
            "description": "Accepted: the report will be at `Location`, even if this connection ends",
            "model": Report,
            "headers": {**_SUBMITTED, **_headers("Location", "Retry-After")},
        },
        **_problems(401, 403, 404, 409, 413, 415, 422, 429, 500, 502, 503),
    },
    "Server-Timing",
)
ANALYZE_INPUT: dict[str, Any] = {
    **PREFER,
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
                            "description": "Photos of one thing: JPEG, PNG, WebP or HEIC, 10 MB in all."
                            " The names `images[]` and `images[0]` are read too",
                        },
                        LANGUAGES_FIELD: {
                            "type": "array",
                            "items": {"enum": list(LANGUAGES)},
                            "uniqueItems": True,
                            "maxItems": len(LANGUAGES),
                            "description": "The report's languages, its own first, one in each part; one part"
                            " with commas, as in `en,fr`, is read too. Without the field they are that of"
                            " `Accept-Language` and those of the service's settings",
                        },
                    },
                },
                "encoding": {FIELD: {"contentType": "image/jpeg, image/png, image/webp, image/heic"}},
            },
            "application/json": {"schema": Named.model_json_schema()},
        },
    },
}

_PATCH = {
    "schema": {"$ref": f"#/components/schemas/{ReportPatch.__name__}"},
    "example": {
        "product": {"type": "teapot", "material": "porcelain", "colour": "white", "pattern": "floral"},
        "condition": {"wear": ["chip", "stain"]},
        "title": None,
    },
}
PATCH_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {MERGE_PATCH: _PATCH, "application/json": _PATCH}}
}


def main() -> int:
    """Write the document to FILE; with --check, exit with 1 if FILE is not what would be written."""
    # The routes use this module's values: they must be there first.
    from services.analyze.app import api

    parser = argparse.ArgumentParser(prog="services.analyze.openapi", description=__doc__)
    parser.add_argument("file", type=Path, help="the document, docs/openapi.json")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 on a difference")
    options = parser.parse_args()
    written = json.dumps(document(api), indent=2, ensure_ascii=False) + "\n"
    if not options.check:
        options.file.write_text(written, "utf-8")
    elif options.file.read_text("utf-8") != written:
        sys.exit(f"{options.file} does not match the code; `make openapi` writes it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
