"""Request bodies, cut off as they stream in."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request

# A client that is still sending when the answer comes may see a reset instead of the answer.
_DISCARDED_AT_MOST = 64 * 1024 * 1024


class BodyTooLargeError(Exception):
    """A request's body has more bytes than `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body has more than {limit:,} bytes")
        self.limit = limit


async def read_body(request: "Request", limit: int) -> bytes:
    """Return the body; raise BodyTooLargeError beyond `limit` bytes, of which never more are held."""
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
