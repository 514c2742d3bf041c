"""Reads request bodies up to a limit."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request

# A client that is still sending when the answer arrives may see a connection reset instead.
_DISCARDED_AT_MOST = 64 * 1024 * 1024


class BodyTooLargeError(Exception):
    """A request's body has more bytes than `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body has more than {limit:,} bytes")
        self.limit = limit


async def read_body(request: "Request", limit: int) -> bytes:
    """Return the body; raises BodyTooLargeError beyond `limit` bytes, and holds no more in memory."""
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            body += chunk
        elif size > _DISCARDED_AT_MOST:
            break
        else:
            body.clear()
    if size > limit:
        raise BodyTooLargeError(limit)
    return bytes(body)
