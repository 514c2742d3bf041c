"""What the HTTP servers here share: a command line, and loopback."""

import argparse
from typing import TYPE_CHECKING

import uvicorn

from local.supervisor.ports import PREFERRED

if TYPE_CHECKING:
    from starlette.applications import Starlette

HOST = "127.0.0.1"


def command_line(module: str, part: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of a server's command line; `part` names its preferred port."""
    parser = argparse.ArgumentParser(prog=f"python -m local.fakes.{module}", description=description)
    parser.add_argument(
        "--port", type=int, default=PREFERRED[part], help="on 127.0.0.1 (default: %(default)s)"
    )
    return parser


def serve(app: "Starlette", port: int) -> None:
    """Answer on loopback until SIGINT or SIGTERM."""
    uvicorn.run(app, host=HOST, port=port, access_log=False, log_level="info")
