"""`python -m local demo`: a photo through the gateway, and its report as a person wants to read it."""

import argparse
import json
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console

from local.errors import LocalError
from local.home import REPOSITORY, Home
from local.outputs import stack_outputs
from local.report_view import Timing, show
from local.tokens import sign_in
from services.analyze.intake import FIELD, MAX_BODY_BYTES, MAX_PHOTOS
from services.core.errors import VitrineError
from services.core.photo import prepare
from services.core.report import Report

USER = "demo"
SAMPLE = REPOSITORY / "examples" / "photos" / "drawn-mug.jpg"
# API Gateway cuts every request at 30 s; a little more lets its own answer arrive.
_PATIENCE_S = 35.0


@dataclass(frozen=True)
class Photo:
    """One file to be posted."""

    path: Path
    content: bytes


def main(arguments: Sequence[str], bring_up: Callable[[], int]) -> int:
    """Post photos to the system that `bring_up` starts, and print their report; return the exit status.

    Raises LocalError on failure.
    """
    options = _parser().parse_args(arguments)
    photos = read_photos([Path(name) for name in options.photo])
    if status := bring_up():
        return status
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
        raise LocalError(f"{len(paths)} photos are too many.", cure=f"Name 1 to {MAX_PHOTOS}, of one thing.")
    photos = []
    for path in (path.expanduser() for path in paths):
        try:
            content = path.read_bytes()
            prepare(content, str(path))
        except VitrineError as error:
            raise LocalError(f"{error}.", cure="Name another photo: `make demo PHOTO=~/mug.jpg`.") from error
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise LocalError(
                f"{path} cannot be read: {reason}.",
                cure="Name another photo: `make demo PHOTO=~/mug.jpg`.",
            ) from error
        photos.append(Photo(path, content))
    if (size := sum(len(photo.content) for photo in photos)) > MAX_BODY_BYTES:
        raise LocalError(
            f"The photos have {size / 1e6:.1f} MB together.",
            cure=f"One request takes {MAX_BODY_BYTES / 1e6:.0f} MB: name fewer or smaller ones.",
        )
    return photos


def post(api_url: str, token: str, photos: Sequence[Photo]) -> tuple[dict[str, Any], Timing]:
    """Return the report of the photos and where its time went; raise LocalError with what was answered."""
    begun = time.perf_counter()
    try:
        with httpx2.Client(trust_env=False, timeout=_PATIENCE_S) as client:
            answer = client.post(
                f"{api_url}/analyze",
                headers={"Authorization": f"Bearer {token}"},
                files=[(FIELD, (photo.path.name, photo.content)) for photo in photos],
            )
    except httpx2.TransportError as error:
        raise LocalError(
            f"The gateway at {api_url} does not answer ({type(error).__name__}).",
            cure="`python -m local status` says which part is down; `make up` starts it.",
        ) from error
    total_ms = (time.perf_counter() - begun) * 1000
    if answer.status_code != 200:
        raise problem(answer)
    report: dict[str, Any] = answer.json()
    return report, Timing.of(answer.headers.get("server-timing", ""), total_ms)


def problem(answer: httpx2.Response) -> LocalError:
    """Return what an answer other than a report says, be it a problem document or the gateway's own words."""
    try:
        said = answer.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        said = {"detail": answer.text.strip()[:300] or "nothing"}
    title = f"{said['title']} ({answer.status_code})" if said.get("title") else None
    detail = said.get("detail") or said.get("message") or "no reason given"
    cures = [f"{said['remedy'].rstrip('.')}."] if said.get("remedy") else []
    if after := answer.headers.get("retry-after"):
        cures.append(f"Try again in {after} s.")
    if answer.status_code >= 500:
        cures.append("`python -m local status` says which part is down; its log says why.")
    facts = [f"{name} {said[name]}" for name in ("report", "trace_id") if said.get(name)]
    heading = title or f"The gateway answered {answer.status_code}"
    return LocalError(f"{heading}: {detail}", cure=" ".join(cures), details=facts)


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
    return parser


def _named_photos(value: str) -> list[str]:
    # One photo whose name holds spaces needs no quotes; several names are separated as in a shell.
    if Path(value).expanduser().is_file():
        return [value]
    try:
        return shlex.split(value)
    except ValueError:
        return [value]
