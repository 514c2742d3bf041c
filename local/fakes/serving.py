"""Shared by the fakes that serve HTTP: the command line, and serving on loopback."""

import argparse
from typing import TYPE_CHECKING

import uvicorn

from local.supervisor.ports import PREFERRED

if TYPE_CHECKING:
    from starlette.applications import Starlette

HOST = "127.0.0.1"


def command_line(module: str, process: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of a fake's command line; `process` names its preferred port."""
    parser = argparse.ArgumentParser(prog=f"python -m local.fakes.{module}", description=description)
    parser.add_argument(
        "--port", type=int, default=PREFERRED[process], help="port on 127.0.0.1 (default: %(default)s)"
    )
    return parser


def serve(app: "Starlette", port: int) -> None:
    """Serve an app on loopback until SIGINT or SIGTERM."""
    uvicorn.run(app, host=HOST, port=port, access_log=False, log_level="info")
