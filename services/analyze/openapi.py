"""The OpenAPI document; `python -m services.analyze.openapi FILE` writes it, so that a change of it is seen.

Holds what FastAPI cannot read off the routes: the problems and headers of each, and the multipart form.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.analyze.intake import FIELD, Named
from services.core.domain.report import Report
from services.core.photos.photo import MAX_PHOTOS
from services.web.problems import MEDIA_TYPE, Problem


def _header(name: str, schema: dict[str, str], description: str) -> dict[str, Any]:
    return {name: {"schema": schema, "description": description}}


_TEXT = {"type": "string"}
_RETRY = _header("Retry-After", {"type": "integer"}, "Seconds after which to try again")
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


def document(api: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the schema of a problem: FastAPI adds only what routes return."""
    written = get_openapi(
        title=api.title, version=api.version, description=api.description, routes=api.routes
    )
    written["components"]["schemas"][Problem.__name__] = Problem.model_json_schema()
    return written


CALLER_PROBLEMS = _problems(401, 403, 422, 500, 503)
REPORT_PROBLEMS = _problems(401, 403, 404, 422, 500, 503)
_WAITED = _header("Preference-Applied", _TEXT, "What was applied of `Prefer`")
REPORT_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"headers": _WAITED}, **REPORT_PROBLEMS}
_REPLAYED = _header(
    "Idempotent-Replayed", {"const": "true"}, "Sent when the Idempotency-Key already stood for this report"
)
_TIMED = _header("Server-Timing", _TEXT, "Milliseconds of each stage")
_PLACED = _header("Location", _TEXT, "Where the report will be")
ANALYZE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"headers": {**_TIMED, **_REPLAYED, **_WAITED}},
    202: {
        "description": "Accepted: the report will be at `Location`, whatever becomes of this connection",
        "model": Report,
        "headers": {**_PLACED, **_RETRY, **_REPLAYED, **_WAITED},
    },
    **_problems(401, 403, 404, 409, 413, 415, 422, 429, 500, 502, 503),
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
