"""Starts the AWS emulator with three faults of its HTTP API corrected. Runs under the emulator's own Python.

Of the emulator as released, a client meets these faults:

- its HTTP_PROXY integration keeps only the content type of an answer, and replaces even that by JSON when the
  status is an error, so `Location`, `Retry-After`, `Server-Timing` and problem documents are lost;
- it stores CORS settings under the template's names and reads them under the API's;
- it adds CORS headers to the answers of an integration alone. AWS also adds them to the gateway's own answers
  (401, 403, 404, 413, 429, 5xx), without which a page in a browser cannot read them.
"""

import asyncio
import http.client
import json
import urllib.parse
from collections.abc import Callable
from typing import Any

from ministack import app  # type: ignore[import-not-found]
from ministack.services import apigateway  # type: ignore[import-not-found]

_HOP_BY_HOP = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
_TIMEOUT_S = 30  # as AWS gives an integration

Response = tuple[int, dict[str, str], bytes]


def _request(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Response:
    target = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(target.netloc, timeout=_TIMEOUT_S)
    try:
        path = target.path + (f"?{target.query}" if target.query else "")
        connection.request(method, path, body=body or None, headers=headers)
        response = connection.getresponse()
        kept = {name: value for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP}
        return response.status, kept, response.read()
    finally:
        connection.close()


async def _proxy(
    integration: dict[str, Any],
    path: str,
    method: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, Any],
) -> Response:
    url = integration.get("integrationUri", "").rstrip("/") + path
    if query:
        url += "?" + urllib.parse.urlencode(query, doseq=True)
    sent = {name: value for name, value in headers.items() if name.lower() not in {"host", *_HOP_BY_HOP}}
    try:
        return await asyncio.to_thread(_request, method, url, sent, body)
    except (OSError, http.client.HTTPException):
        unavailable = json.dumps({"message": "Service Unavailable"}).encode()
        return 503, {"Content-Type": "application/json"}, unavailable


def _with_api_names(cors: Callable[[dict[str, Any], str], Any]) -> Callable[[dict[str, Any], str], Any]:
    def with_api_names(settings: dict[str, Any], origin: str) -> Any:
        return cors({name[:1].lower() + name[1:]: value for name, value in settings.items()}, origin)

    return with_api_names


def _with_cors(execute: Callable[..., Any]) -> Callable[..., Any]:
    async def with_cors(
        api_id: str, stage: str, path: str, method: str, headers: dict[str, str], *rest: Any, **named: Any
    ) -> Response:
        status, answered, body = await execute(api_id, stage, path, method, headers, *rest, **named)
        settings = (apigateway._apis.get(api_id) or {}).get("corsConfiguration")
        if settings and method != "OPTIONS":
            origin = {name.lower(): value for name, value in headers.items()}.get("origin", "")
            answered = {**answered, **apigateway._cors_response_headers(settings, origin)}
        return status, answered, body

    return with_cors


if __name__ == "__main__":
    apigateway._invoke_http_proxy = _proxy
    apigateway._cors_response_headers = _with_api_names(apigateway._cors_response_headers)
    apigateway._cors_preflight_response = _with_api_names(apigateway._cors_preflight_response)
    apigateway._handle_execute_in_scope = _with_cors(apigateway._handle_execute_in_scope)
    app.main()
