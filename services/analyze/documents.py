"""What FastAPI cannot read off the code, for the OpenAPI document: problems per route, the multipart form."""

from typing import Any

from services.analyze.intake import FIELD, MAX_PHOTOS
from services.analyze.problems import MEDIA_TYPE, Problem


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    # `model` brings the schema into the document, and with it an application/json entry that is never sent.
    return {status: {"model": Problem, "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses}


CALLER_PROBLEMS = _problems(401, 422, 500, 503)
REPORT_PROBLEMS = _problems(401, 404, 422, 500, 503)
ANALYZE_PROBLEMS = _problems(401, 404, 409, 413, 415, 422, 429, 500, 502, 503)

MULTIPART_IMAGES: dict[str, Any] = {
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
            }
        },
    }
}
