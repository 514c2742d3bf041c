"""Servers on loopback: ports for them, and requests that no proxy of the caller's shell stands before."""

from __future__ import annotations

import socket
import urllib.request
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import io


def free_ports(count: int) -> list[int]:
    """So many ports of loopback that nothing listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def read(url: str) -> bytes | None:
    """What a server on loopback answers to GET; None while it does not, or answers with an error."""
    try:
        with open_url(urllib.request.Request(url), 5) as reply:  # noqa: S310 loopback
            return reply.read()
    except OSError:
        return None


def open_url(request: urllib.request.Request, timeout_s: float) -> io.BufferedIOBase:
    """The open answer; raises OSError where there is none, or an HTTP error."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opened: io.BufferedIOBase = opener.open(request, timeout=timeout_s)
    return opened
