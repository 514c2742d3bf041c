"""`python -m services.analyze`: check the settings, then serve."""

import argparse
import ctypes
import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import uvicorn
from pydantic import ValidationError

from services.analyze.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# Longer than the load balancer's idle timeout of 60 s: a connection that we close first can end in a 502.
KEEP_ALIVE_S = 75
# Longer than anybody waits for an answer (the gateway 30 s), shorter than ECS waits for us (60 s).
STOP_WITHIN_S = 50
_M_ARENA_MAX = -8  # of glibc's malloc.h


def main(app: "str | ASGIApp" = "services.analyze.app:app") -> None:
    """Serve `app` on --host and --port until told to stop; a wrong setting is named and ends it at once."""
    arguments = _arguments()
    # uvicorn takes these signals while it serves, and raises them again when all is answered.
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, _end)
    try:
        Settings()
    except ValidationError as error:
        wrong = (
            f"  {'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors(include_input=False)
        )
        sys.exit("\n".join(["services.analyze: environment variables to mend:", *wrong]))
    _share_one_heap()
    uvicorn.run(
        app,
        host=arguments.host,
        port=arguments.port,
        timeout_keep_alive=arguments.keep_alive,
        timeout_graceful_shutdown=arguments.stop_within,
        # Our own JSON lines stand for uvicorn's access log.
        log_config=None,
        access_log=False,
        server_header=False,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="services.analyze", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--keep-alive",
        type=int,
        default=KEEP_ALIVE_S,
        metavar="S",
        help="seconds that an idle connection stays open (default: %(default)s)",
    )
    parser.add_argument(
        "--stop-within",
        type=int,
        default=STOP_WITHIN_S,
        metavar="S",
        help="seconds that requests get to end once told to stop (default: %(default)s)",
    )
    return parser.parse_args()


def _end(signum: int, frame: FrameType | None) -> NoReturn:
    # At once: Python's own end would wait for threads whose calls nobody waits for any more, and as a
    # container's first process we would not even end by a signal that nothing handles.
    os._exit(0)


def _share_one_heap() -> None:
    # By itself glibc gives threads heaps of their own, and each keeps the holes that the largest bodies and
    # pixels left in it. Giving every large buffer back at once instead costs 20 ms of page faults a photo.
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)


if __name__ == "__main__":
    main()
