"""`python -m local demo`: a photo through the gateway, and its report as a person wants to read it."""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.errors import UserError
from client import api
from client.errors import Refused, Unreachable
from client.timing import Timing
from local.demo.report_view import show
from local.demo.tokens import sign_in
from local.home import REPOSITORY, Home
from local.supervisor.mode import Mode, add_option
from local.supervisor.outputs import stack_outputs
from services.analyze.intake import MAX_BODY_BYTES, MAX_PHOTOS
from services.core.domain.errors import VitrineError
from services.core.domain.report import Report
from services.core.photos.photo import prepare

USER = "demo"
SAMPLE = REPOSITORY / "examples" / "photos" / "drawn-mug.jpg"


@dataclass(frozen=True)
class Photo:
    """One file to be posted."""

    path: Path
    content: bytes


def main(arguments: Sequence[str], bring_up: Callable[[Mode], int]) -> int:
    """Post photos to the system that `bring_up` starts, and print their report; return the exit status.

    Raises LocalError on failure.
    """
    options = _parser().parse_args(arguments)
    photos = read_photos([Path(name) for name in options.photo])
    if status := bring_up(options.mode):
        return status
    if options.mode == "async":
        from local.demo.timeline import run  # its packages are there for this mode only

        return run([(photo.path.name, photo.content) for photo in photos], as_json=options.json)
    console = Console(file=sys.stderr, highlight=False)
    names = ", ".join(photo.path.name for photo in photos)
    with console.status(f"Posting {names} through the gateway…"):
        outputs = stack_outputs(Home.current())
        token = sign_in(outputs["SupabaseUrl"], outputs["SupabasePublishableKey"], USER)
        document, timing = post(outputs["ApiUrl"], token, photos)
    if options.json:
        print(json.dumps(document, indent=2))  # noqa: T201
        return 0
    show(Report.model_validate(document), timing, Console(highlight=False))
    return 0


def read_photos(paths: Sequence[Path]) -> list[Photo]:
    """Read the files, and hold them to what the service takes; raise LocalError for what it would refuse."""
    if len(paths) > MAX_PHOTOS:
        raise UserError(f"{len(paths)} photos are too many.", hint=f"Name 1 to {MAX_PHOTOS}, of one thing.")
    photos = []
    for path in (path.expanduser() for path in paths):
        try:
            content = path.read_bytes()
            prepare(content, str(path))
        except VitrineError as error:
            raise UserError(f"{error}.", hint="Name another photo: `make demo PHOTO=~/mug.jpg`.") from error
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UserError(
                f"{path} cannot be read: {reason}.",
                hint="Name another photo: `make demo PHOTO=~/mug.jpg`.",
            ) from error
        photos.append(Photo(path, content))
    if (size := sum(len(photo.content) for photo in photos)) > MAX_BODY_BYTES:
        raise UserError(
            f"The photos have {size / 1e6:.1f} MB together.",
            hint=f"One request takes {MAX_BODY_BYTES / 1e6:.0f} MB: name fewer or smaller ones.",
        )
    return photos


def post(api_url: str, token: str, photos: Sequence[Photo]) -> tuple[dict[str, Any], Timing]:
    """Return the report of the photos and where its time went; raise LocalError with what was answered."""
    try:
        return api.post(api_url, token, [(photo.path.name, photo.content) for photo in photos])
    except Unreachable as error:
        raise UserError(
            f"The gateway at {api_url} does not answer ({error.reason}).",
            hint="`python -m local status` says which part is down; `make up` starts it.",
        ) from error
    except Refused as error:
        hints = list(error.remedies)
        if error.status >= 500:
            hints.append("`python -m local status` says which part is down; its log says why.")
        raise UserError(str(error), hint=" ".join(hints), details=error.facts) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local demo", description=__doc__)
    parser.add_argument(
        "--photo",
        nargs="+",
        default=_named_photos(os.environ.get("PHOTO", "")) or [str(SAMPLE)],
        metavar="PATH",
        help="1 to 8 photos of one thing (default: PHOTO, else a drawn mug)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        default=os.environ.get("JSON", "") not in ("", "0"),
        help="print nothing but the report on standard output (default: when JSON is set)",
    )
    add_option(parser)
    return parser


def _named_photos(value: str) -> list[str]:
    # One photo whose name holds spaces needs no quotes; several names are separated as in a shell.
    if Path(value).expanduser().is_file():
        return [value]
    try:
        return shlex.split(value)
    except ValueError:
        return [value]
