"""What the HTTP servers here share: a command line, loopback, and bodies cut off as they stream in."""

import argparse
from typing import TYPE_CHECKING

import uvicorn

from local.ports import PREFERRED

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request

HOST = "127.0.0.1"
# A client that is still sending when the answer comes may see a reset instead of the answer.
_DISCARDED_AT_MOST = 64 * 1024 * 1024


class BodyTooLargeError(Exception):
    """A request's body has more bytes than `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body has more than {limit:,} bytes")
        self.limit = limit


def command_line(module: str, part: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of a server's command line; `part` names its preferred port."""
    parser = argparse.ArgumentParser(prog=f"python -m local.servers.{module}", description=description)
    parser.add_argument(
        "--port", type=int, default=PREFERRED[part], help="on 127.0.0.1 (default: %(default)s)"
    )
    return parser


def serve(app: "Starlette", port: int) -> None:
    """Answer on loopback until SIGINT or SIGTERM."""
    uvicorn.run(app, host=HOST, port=port, access_log=False, log_level="info")


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
