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
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# Longer than the load balancer's idle timeout of 60 s: a connection that we close first can end in a 502.
KEEP_ALIVE_S = 75
# Longer than the gateway waits for an answer (30 s). ECS waits 60 s for the process to end: of the rest, 8 s
# are for the reports that no request waits for, and 2 s for their events.
STOP_WITHIN_S = 48
# A worker process that answers nothing for so long is replaced.
HUNG_AFTER_S = 30
_M_ARENA_MAX = -8  # in glibc's malloc.h


def main(app: "str | ASGIApp" = "services.analyze.app:app") -> None:
    """Serve `app` on --host and --port until told to stop; a wrong setting ends it at once and is named."""
    arguments = _arguments()
    # uvicorn handles these signals while it serves, and raises them again once all requests are answered.
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, _end)
    # Imported while these signals are handled: it takes a second.
    from services.analyze.dependencies import AnalyzeSettings
    from services.core.telemetry import configure_logging

    try:
        settings = AnalyzeSettings()
    except ValidationError as error:
        wrong = (
            f"  {'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors(include_input=False)
        )
        sys.exit("\n".join(["services.analyze: wrong environment variables:", *wrong]))
    _share_one_heap()
    config = uvicorn.Config(
        app,
        host=arguments.host,
        port=arguments.port,
        workers=settings.workers,
        timeout_worker_healthcheck=HUNG_AFTER_S,
        timeout_keep_alive=arguments.keep_alive,
        timeout_graceful_shutdown=arguments.stop_within,
        # Observe writes one JSON line per request instead of uvicorn's access log.
        log_config=None,
        access_log=False,
        server_header=False,
    )
    if settings.workers == 1:
        server = uvicorn.Server(config)
        server.run()
        failed = not server.started
    else:
        configure_logging("analyze")
        workers = Workers(config, [config.bind_socket()])
        workers.run()
        failed = any(worker.exitcode == STARTUP_FAILURE for worker in workers.processes)
    if failed:
        sys.exit(STARTUP_FAILURE)


class Workers(Multiprocess):
    """Starts the worker processes, replaces one that ends, and passes a signal to stop on."""

    def terminate_all(self) -> None:
        """Let the workers answer what they have; from now on connections are refused."""
        for listener in self.sockets:
            listener.close()
        super().terminate_all()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="services.analyze", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on (default: %(default)s)")
    seconds = (
        ("--keep-alive", KEEP_ALIVE_S, "seconds that an idle connection stays open"),
        ("--stop-within", STOP_WITHIN_S, "seconds that requests may still take after a signal to stop"),
    )
    for name, default, text in seconds:
        parser.add_argument(name, type=int, default=default, metavar="S", help=f"{text} (default: {default})")
    return parser.parse_args()


def _end(signum: int, frame: FrameType | None) -> NoReturn:
    # At once: Python's own exit would wait for threads whose results are no longer needed, and the first
    # process of a container ignores signals that it does not handle.
    os._exit(0)


def _share_one_heap() -> None:
    # By default glibc gives threads separate heaps, and each keeps the gaps that the largest bodies and
    # pixels leave in it. Returning every large buffer at once instead costs 20 ms of page faults per photo.
    os.environ["MALLOC_ARENA_MAX"] = "1"  # for the workers that this process starts
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)


if __name__ == "__main__":
    main()
