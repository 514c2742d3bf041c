"""`python -m benchmarks.edge_log.receiver`: takes log lines on a port at once, after a while, or never.

A request without a body is answered at once: the receiver is ready.
"""

import argparse
import asyncio
from contextlib import suppress
from functools import partial

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
_LENGTH = b"content-length:"


def main() -> None:
    """Serve until the process is stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.edge_log.receiver", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--after", type=float, metavar="S", help="default: never")
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.after))


async def _serve(port: int, after_s: float | None) -> None:
    server = await asyncio.start_server(partial(_answer, after_s), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


async def _answer(after_s: float | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = next((line for line in head.split(b"\r\n") if line.startswith(_LENGTH)), None)
            if length is not None:
                await reader.readexactly(int(length.removeprefix(_LENGTH)))
                if after_s is None:
                    await reader.read()  # until the sender gives up
                    break
                await asyncio.sleep(after_s)
            writer.write(_ANSWER)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    main()
