"""Start the AWS emulator, its HTTP API mended where it answers otherwise than AWS's.

Run by the emulator's own Python. Of the emulator as released, a client would meet two faults:

- its HTTP_PROXY integration keeps only the content type of an answer, and replaces even that by JSON when the
  status is an error, so `Location`, `Retry-After`, `Server-Timing` and problem documents are lost;
- it stores a template's CORS settings under the template's names and looks for them under the API's.
"""

import asyncio
import http.client
import json
import urllib.parse
from collections.abc import Callable
from typing import Any

from ministack import app  # type: ignore[import-not-found]
from ministack.services import apigateway  # type: ignore[import-not-found]

_OWN_TO_A_HOP = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
)

Answer = tuple[int, dict[str, str], bytes]


def _exchange(method: str, url: str, headers: dict[str, str], body: bytes | None) -> Answer:
    target = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(
        target.netloc, timeout=30
    )  # AWS gives an integration 30 s as well
    try:
        path = target.path + (f"?{target.query}" if target.query else "")
        connection.request(method, path, body=body or None, headers=headers)
        answer = connection.getresponse()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in _OWN_TO_A_HOP}
        return answer.status, kept, answer.read()
    finally:
        connection.close()


async def _pass_through(
    integration: dict[str, Any],
    path: str,
    method: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, Any],
) -> Answer:
    url = integration.get("integrationUri", "").rstrip("/") + path
    if query:
        url += "?" + urllib.parse.urlencode(query, doseq=True)
    sent = {name: value for name, value in headers.items() if name.lower() not in {"host", *_OWN_TO_A_HOP}}
    try:
        return await asyncio.to_thread(_exchange, method, url, sent, body)
    except (OSError, http.client.HTTPException):
        return (
            503,
            {"Content-Type": "application/json"},
            json.dumps({"message": "Service Unavailable"}).encode(),
        )


def _named_as_in_the_api(
    answer: Callable[[dict[str, Any], str], Any],
) -> Callable[[dict[str, Any], str], Any]:
    def with_names(settings: dict[str, Any], origin: str) -> Any:
        return answer({name[:1].lower() + name[1:]: value for name, value in settings.items()}, origin)

    return with_names


if __name__ == "__main__":
    apigateway._invoke_http_proxy = _pass_through
    apigateway._cors_response_headers = _named_as_in_the_api(apigateway._cors_response_headers)
    apigateway._cors_preflight_response = _named_as_in_the_api(apigateway._cors_preflight_response)
    app.main()
