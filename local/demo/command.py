"""`python -m local demo`: signs a demo user in, posts photos through the gateway and prints their report."""

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.errors import UserError
from client import api
from client.api import CallError, Refused, RequestTiming, Unreachable
from client.follow import follow
from local.demo.report_view import print_report
from local.home import Home
from local.supervisor.account import stack_outputs
from local.users import PASSWORD, USER, email
from services.core.domain.errors import InvalidInput, VitrineError
from services.core.domain.languages import parse_languages
from services.core.domain.report import Report
from services.core.photos.photo import MAX_BODY_BYTES, MAX_PHOTOS, prepare

_OTHER_PHOTO = "Name another photo: `make demo PHOTO=~/mug.jpg`."


# A file's name and content, as the client posts them.
Photo = tuple[str, bytes]


def report_on(photos: Sequence[Photo], *, as_json: bool, languages: Sequence[str] = ()) -> None:
    """Post photos to the running system and print their report; raise UserError when a step fails."""
    console = Console(file=sys.stderr, highlight=False)
    names = ", ".join(name for name, _ in photos)
    with console.status(f"Posting {names} through the gateway…"):
        outputs = stack_outputs(Home.current())
        token = sign_in(outputs["SupabaseUrl"], outputs["SupabasePublishableKey"], USER)
        document, timing = post(outputs["ApiUrl"], token, photos, languages)
    if as_json:
        print(json.dumps(document, indent=2))  # noqa: T201
    else:
        print_report(Report.model_validate(document), timing, Console(highlight=False))


def photo_paths(names: Sequence[str], variable: str) -> list[Path]:
    """Return the paths named on the command line, else those in the variable PHOTO, else none."""
    return [Path(name) for name in names or _split(variable)]


def _split(variable: str) -> list[str]:
    # A single file name may contain spaces without quotes; several names are separated as in a shell.
    if Path(variable).expanduser().is_file():
        return [variable]
    try:
        return shlex.split(variable)
    except ValueError:
        return [variable]


def read_languages(value: str | None) -> tuple[str, ...]:
    """Read the languages of a report, as in "en,fr"; raise UserError for what the service would refuse."""
    if value is None:
        return ()
    try:
        return parse_languages([value], "--languages")
    except InvalidInput as error:
        problem = str(error).removesuffix(f" {error.remedy}")
        raise UserError(problem, hint="Name en, fr or both, as in --languages en,fr.") from error


def read_photos(paths: Sequence[Path]) -> list[Photo]:
    """Read the files; raise UserError for files that cannot be read and for what the service would refuse."""
    if len(paths) > MAX_PHOTOS:
        raise UserError(
            f"{len(paths)} photos are too many.", hint=f"Name 1 to {MAX_PHOTOS} photos of one product."
        )
    photos = []
    for path in (path.expanduser() for path in paths):
        try:
            content = path.read_bytes()
            prepare(content, str(path))
        except VitrineError as error:
            raise UserError(f"{error}.", hint=_OTHER_PHOTO) from error
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UserError(f"{path} cannot be read: {reason}.", hint=_OTHER_PHOTO) from error
        photos.append((path.name, content))
    if (size := sum(len(content) for _, content in photos)) > MAX_BODY_BYTES:
        raise UserError(
            f"The photos have {size / 1e6:.1f} MB together.",
            hint=f"One request may have {MAX_BODY_BYTES / 1e6:.0f} MB: name fewer or smaller photos.",
        )
    return photos


def post(
    api_url: str, token: str, photos: Sequence[Photo], languages: Sequence[str] = ()
) -> tuple[dict[str, Any], RequestTiming]:
    """Return the report of the photos and its timing; raise UserError with the gateway's answer."""
    try:
        posted = api.post(api_url, token, photos, languages=languages)
        if not posted.ended:
            # A busy machine answers 202 first; the report follows.
            posted = follow(api_url, token, posted, tell=lambda _: None)
        return posted.report, posted.timing
    except Unreachable as error:
        raise UserError(
            f"The gateway at {api_url} does not answer ({error.reason}).",
            hint="`python -m local status` shows which process is down; `make up` starts it.",
        ) from error
    except Refused as error:
        hints = list(error.remedies)
        if error.status >= 500:
            hints.append("`python -m local status` shows which process is down; see its log.")
        raise UserError(str(error), hint=" ".join(hints), details=error.facts) from error
    except CallError as error:
        hint = "`python -m local status` shows which process is down; see its log."
        raise UserError(f"No report: {error}.", hint=hint) from error


def sign_in(supabase_url: str, publishable_key: str, user: str) -> str:
    """Return an access token of a demo user; raise UserError for an invalid name and without an issuer."""
    try:
        return api.sign_in(supabase_url, publishable_key, email(user), PASSWORD)
    except Unreachable as error:
        raise UserError(
            f"The identity issuer at {supabase_url} does not answer ({error.reason}).",
            hint="Run `python -m local up`.",
        ) from error
    except Refused as error:
        raise UserError(
            f"The identity issuer refuses user {user!r}: {error.detail}.",
            hint="A user's name has 1 to 64 letters, digits, dots, dashes and underscores.",
        ) from error
