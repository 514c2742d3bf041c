"""`python -m services.analyze`: check the settings, then serve."""

import argparse
import ctypes
import sys

import uvicorn
from pydantic import ValidationError

from services.analyze.settings import Settings

# Longer than the load balancer's idle timeout of 60 s: a connection that we close first can end in a 502.
KEEP_ALIVE_S = 75
_M_ARENA_MAX = -8  # of glibc's malloc.h


def main() -> None:
    """Serve on --host and --port until told to stop; a wrong setting is named and ends it at once."""
    parser = argparse.ArgumentParser(prog="services.analyze", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        Settings()
    except ValidationError as error:
        wrong = (
            f"  {'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors(include_input=False)
        )
        sys.exit("\n".join(["services.analyze: environment variables to mend:", *wrong]))
    _share_one_heap()
    uvicorn.run(
        "services.analyze.app:app",
        host=arguments.host,
        port=arguments.port,
        timeout_keep_alive=KEEP_ALIVE_S,
        # Our own JSON lines stand for uvicorn's access log.
        log_config=None,
        access_log=False,
        server_header=False,
    )


def _share_one_heap() -> None:
    # By itself glibc gives threads heaps of their own, and each keeps the holes that the largest bodies and
    # pixels left in it. Giving every large buffer back at once instead costs 20 ms of page faults a photo.
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)


if __name__ == "__main__":
    main()
