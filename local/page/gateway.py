"""What a CDN does below /api: it passes each request on to the gateway, and the answer back as it comes."""

from types import TracebackType
from typing import Self

import httpx2
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from web.headers import api_headers

# As in stacks/web: the gateway ends a request after 30 s.
TIMEOUT_S = 35.0
# Of one connection (RFC 9110), or written anew for each.
_OF_CONNECTION = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer"),
        *(b"transfer-encoding", b"upgrade"),
    }
)
_HEADERS, _POLICY = api_headers(), "content-security-policy"
_OF_REQUEST = _OF_CONNECTION | {b"host", b"expect"}
_OF_ANSWER = _OF_CONNECTION | {b"date", b"server"}


class Gateway:
    """The API's gateway; an async context that holds its connections."""

    def __init__(self, url: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._url = httpx2.URL(url)
        # trust_env off: a proxy of the machine must not stand between here and loopback.
        self._client = httpx2.AsyncClient(
            trust_env=False,
            transport=transport,
            timeout=httpx2.Timeout(TIMEOUT_S, connect=5.0),
            limits=httpx2.Limits(max_connections=None),
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._client.__aexit__(kind, error, traceback)

    async def forward(self, request: Request, prefix: str) -> Response:
        """Return the gateway's answer to a request, without `prefix` in its path.

        502 when the gateway does not answer, 504 when it takes too long.
        """
        # As the client wrote it: a decoded path may mean another one.
        path = bytes(request.scope["raw_path"]).removeprefix(prefix.encode())
        target = self._url.raw_path.rstrip(b"/") + path
        if query := request.scope["query_string"]:
            target += b"?" + query
        sent = self._client.build_request(
            request.method,
            self._url.copy_with(raw_path=target),
            headers=[header for header in request.headers.raw if header[0] not in _OF_REQUEST],
            content=request.stream() if _has_body(request) else None,
        )
        try:
            answer = await self._client.send(sent, stream=True)
        except httpx2.TimeoutException:
            return _with_headers(JSONResponse({"message": "Gateway Timeout"}, 504))
        except httpx2.TransportError:
            return _with_headers(JSONResponse({"message": "Bad Gateway"}, 502))
        except ClientDisconnect:
            return Response(status_code=400)  # the client is gone
        # Raw: the encoding stays the one that the headers name.
        response = StreamingResponse(
            answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose)
        )
        response.raw_headers = [
            (name.lower(), value) for name, value in answer.headers.raw if name.lower() not in _OF_ANSWER
        ]
        return _with_headers(response)


def _with_headers(response: Response) -> Response:
    own_policy = response.headers.get(_POLICY)
    response.headers.update(_HEADERS if own_policy is None else {**_HEADERS, _POLICY: own_policy})
    return response


def _has_body(request: Request) -> bool:
    return "content-length" in request.headers or "transfer-encoding" in request.headers
