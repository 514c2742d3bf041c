"""Starts the AWS emulator with faults of its HTTP API corrected. Runs under the emulator's own Python.

Of the emulator as released, a client meets these faults:

- its HTTP_PROXY integration keeps only the content type of an answer, and replaces even that by JSON when the
  status is an error, so `Location`, `Retry-After`, `Server-Timing` and problem documents are lost;
- it stores CORS settings under the template's names and reads them under the API's;
- it adds CORS headers to the answers of an integration alone. AWS also adds them to the gateway's own answers
  (401, 403, 404, 413, 429, 5xx), without which a page in a browser cannot read them;
- authorizer, integration and function each get a request id of their own for one request, and no access log
  is written: here they get the same id, and a line of standard output names it.
"""

import asyncio
import http.client
import json
import sys
import time
import urllib.parse
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack import app  # type: ignore[import-not-found]
from ministack.services import apigateway  # type: ignore[import-not-found]

_HOP_BY_HOP = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
_TIMEOUT_S = 30  # as AWS gives an integration

Response = tuple[int, dict[str, str], bytes]
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


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


def _with_one_request_id(execute: Callable[..., Any]) -> Callable[..., Any]:
    async def with_one_request_id(
        api_id: str, stage: str, path: str, method: str, *rest: Any, **named: Any
    ) -> Response:
        request_id, began, status = _new_uuid(), time.time(), 500
        token = _request_id.set(request_id)
        try:
            answered: Response = await execute(api_id, stage, path, method, *rest, **named)
            status = answered[0]
            return answered
        finally:
            _request_id.reset(token)
            # Some of the fields that stacks/gateway/stack.py names, as API Gateway writes them.
            fields = {
                "request_id": request_id,
                "time_ms": f"{began * 1000:.0f}",
                "route": method,
                "status": str(status),
                "latency_ms": f"{(time.time() - began) * 1000:.0f}",
            }
            sys.stdout.write(f"{json.dumps(fields)}\n")
            sys.stdout.flush()

    return with_one_request_id


def _new_uuid() -> str:
    return _request_id.get() or str(uuid.uuid4())


if __name__ == "__main__":
    apigateway._invoke_http_proxy = _proxy
    apigateway._cors_response_headers = _with_api_names(apigateway._cors_response_headers)
    apigateway._cors_preflight_response = _with_api_names(apigateway._cors_preflight_response)
    # While it answers a request, the module makes up no other id.
    apigateway.new_uuid = _new_uuid
    apigateway._handle_execute_in_scope = _with_one_request_id(
        _with_cors(apigateway._handle_execute_in_scope)
    )
    app.main()
