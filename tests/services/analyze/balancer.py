"""The connections of a load balancer: kept while idle, for a limited time, with a delay."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"


class _Wire(asyncio.Protocol):
    """A connection whose bytes and end take `delay_s` from one side to the other."""

    def __init__(self, delay_s: float) -> None:
        self.reader = asyncio.StreamReader()
        self.ended = False
        self._expiry: asyncio.TimerHandle | None = None
        self._delay_s = delay_s
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._loop.call_later(self._delay_s, self.reader.feed_data, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._loop.call_later(self._delay_s, self._end)

    def send(self, data: bytes) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self._loop.call_later(self._delay_s, self._transport.write, data)

    def close_after(self, idle_s: float) -> None:
        self._expiry = self._loop.call_later(idle_s, self.close)

    def close(self) -> None:
        self.ended = True
        self._transport.close()

    def _end(self) -> None:
        self.ended = True
        self.reader.feed_eof()


@dataclass
class Balancer:
    """Passes requests without a body on to `port`; a dropped one is a 502, and is never retried.

    Each client has a connection of its own behind it, so that the client's pauses are the connection's.
    """

    port: int
    idle_s: float
    delay_s: float = 0.01
    opened: int = 0
    reused: int = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """The port that clients connect to, in the block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = None
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                wire = await self._connection(wire)
                writer.write(await self._pass(request, wire))
        except asyncio.IncompleteReadError:
            writer.close()
        if wire is not None:
            wire.close()

    async def _connection(self, last: _Wire | None) -> _Wire:
        if last is not None and not last.ended:
            self.reused += 1
            return last
        self.opened += 1
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(lambda: _Wire(self.delay_s), "127.0.0.1", self.port)
        return wire

    async def _pass(self, request: bytes, wire: _Wire) -> bytes:
        wire.send(request)
        try:
            head = await wire.reader.readuntil(b"\r\n\r\n")
            body = await wire.reader.readexactly(_length(head))
        except asyncio.IncompleteReadError:
            return _BAD_GATEWAY
        wire.close_after(self.idle_s)
        return head + body


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return 0
