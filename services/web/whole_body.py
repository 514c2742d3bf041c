"""Receives the rest of a request's body before an error is answered.

A client reads the answer only after it has sent its body: if the connection closes earlier, it sees a broken
connection in place of the reason.
"""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# So much is received and dropped, for so long.
MOST_BYTES, WITHIN_S = 60_000_000, 20.0
_FIRST_ERROR = 400


class WholeBody:
    """ASGI middleware for errors that are found before the body has arrived."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Delay an error's answer until the body has arrived; others pass through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # A client that asks first sends nothing once it has a final answer.
        begun = Headers(scope=scope).get("expect", "").lower() != "100-continue"
        more = True

        async def note_end() -> Message:
            nonlocal begun, more
            message = await receive()
            begun, more = True, message.get("more_body", False)
            return message

        async def send_after_body(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= _FIRST_ERROR and begun:
                await drain()
            await send(message)

        async def drain() -> None:
            dropped = 0
            try:
                async with asyncio.timeout(WITHIN_S):
                    while more and dropped <= MOST_BYTES:
                        dropped += len((await note_end()).get("body", b""))
            except TimeoutError:
                pass  # the answer goes out, whether the client reads it or not

        await self.app(scope, note_end, send_after_body)
