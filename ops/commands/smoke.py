"""`python -m ops smoke`: one photo through the public address, as a user of the frontend sends it."""

from __future__ import annotations

import base64
import json
import os
import time
from typing import TYPE_CHECKING

from cli.errors import UserError
from cli.progress import Steps
from client import api
from client.api import CallError, Unreachable
from model_artifacts.blip2.tools.catalogue_file import load
from ops.commands.endpoint_checks import SAMPLE, UNCALIBRATED
from ops.commands.internal_checks import internal_checks
from ops.commands.smoke_report import SmokeReport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import boto3
    from rich.console import Console

    from catalogue import Catalogue
    from client.api import RequestTiming
    from services.core.domain.report import Condition, Report
    from settings.environment import Environment

# The user that posts the photo; in variables, so that no password is in a command line.
TOKEN, EMAIL, PASSWORD = "VITRINE_SMOKE_TOKEN", "SUPABASE_SMOKE_EMAIL", "SUPABASE_SMOKE_PASSWORD"
_RETRY_S = 3.0


def smoke(
    settings: Environment,
    session: boto3.Session,
    outputs: Mapping[str, str],
    console: Console,
    *,
    photo: Path = SAMPLE,
    wait_s: float = 0,
) -> bool:
    """Call without and with a forged token, make the internal checks and, where a user is set, post a photo.

    Returns whether a photo went through the public address; its report is deleted again. A report that is
    accepted with 202, as by an endpoint at zero instances, is followed for 15 minutes. Without a user an
    async endpoint is asked directly. The address is retried for `wait_s`, since a new name resolves late.
    Raises UserError for a wrong answer.
    """
    address = outputs["ApiUrl"]
    _check_authorizer(address, console, wait_s)
    if settings.target == "emulator":
        console.print("- Tasks and endpoint were not checked: the emulator has none of its own.")
    else:
        internal_checks(settings, session, console, ask_async=not user_is_set())
    if settings.model.paused:
        console.print("! The photo was not tried: model.paused is true, so there is no endpoint.")
        return False
    token = _access_token(outputs)
    if token is None:
        console.print(
            "! Not proven: that a user's photo becomes a report. No user is set, so no photo went from the "
            "gateway through the service to the model, the LLM and the table. "
            f"Set {TOKEN}, or {EMAIL} and {PASSWORD}."
        )
        return False
    content = _content(photo)
    with Steps(console) as steps, SmokeReport(address, token, (photo.name, content), steps) as submission:
        report, posted, woke = submission.made()
        _print(report, posted.timing, load(settings.catalogue.goods), console, woke=woke)
    return True


def user_is_set() -> bool:
    """Say whether the environment variables name a user to post a photo as."""
    return bool(os.environ.get(TOKEN) or (os.environ.get(EMAIL) and os.environ.get(PASSWORD)))


def _access_token(outputs: Mapping[str, str]) -> str | None:
    if token := os.environ.get(TOKEN):
        return token
    email, password = os.environ.get(EMAIL), os.environ.get(PASSWORD)
    if not email or not password:
        return None
    try:
        return api.sign_in(outputs["SupabaseUrl"], outputs["SupabasePublishableKey"], email, password)
    except CallError as error:
        raise UserError(
            f"The user of {EMAIL} is not signed in: {error}.",
            hint="The user must belong to the Supabase project in the settings, and be confirmed.",
        ) from error


def _check_authorizer(address: str, console: Console, wait_s: float) -> None:
    status = _retried(lambda: api.status_without_token(address), wait_s)
    if status != 401:
        raise UserError(
            f"{address}/analyze answered {status} to a caller without a token; 401 is right.",
            hint="See the gateway's log: its authorizer stands between callers and the service.",
        )
    console.print(f"✓ {address} answers 401 to a caller without a token")
    # The gateway answers 401 by itself; for a token it must call its authorizer.
    status = _retried(lambda: api.status_with_token(address, _forged_token()), wait_s=0)
    if status != 403:
        raise UserError(
            f"{address}/analyze answered {status} to a forged token; 403 is right.",
            hint="See the authorizer's log; 500 is its own failure, or Supabase's keys do not arrive.",
        )
    console.print("✓ 403 to a forged token: the authorizer ran, and has the issuer's keys")


def _forged_token() -> str:
    """Return a token with an unknown key id: only an authorizer with the issuer's keys refuses it with 403.

    A new one each time, since the gateway caches its authorizer's answers by token.
    """
    header = {"alg": "ES256", "typ": "JWT", "kid": f"forged-{time.time_ns()}"}
    parts = (json.dumps(header).encode(), b"{}", b"no signature")
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def _retried(call: Callable[[], int], wait_s: float) -> int:
    until = time.monotonic() + wait_s
    while True:
        try:
            return call()
        except Unreachable as error:
            if time.monotonic() >= until:
                hint = "Check that the name resolves; a new domain may take minutes."
                raise UserError(f"{error}.", hint=hint) from error
        time.sleep(_RETRY_S)


def _content(photo: Path) -> bytes:
    try:
        return photo.read_bytes()
    except OSError as error:
        raise UserError(f"{photo} cannot be read: {error.strerror}.", hint="Name another photo.") from error


def _cost(cost_usd: float | None) -> str:
    return "cost unknown: the LLM gave no token counts" if cost_usd is None else f"cost {cost_usd:.6f} USD"


def _print_goods(report: Report, goods: Catalogue, console: Console) -> None:
    model = report.model
    if model.catalogue is not None:
        console.print(
            f"  catalogue {model.catalogue}, {'calibrated' if model.calibrated else 'uncalibrated'}"
        )
    if model.catalogue not in (None, goods.version):
        console.print(
            f"! The catalogue of this checkout is {goods.version}: deploy this commit, or check out the "
            "deployed one."
        )
    if model.calibrated is False:
        console.print(UNCALIBRATED)


def _condition(condition: Condition) -> str:
    if condition.grade is None:
        return "condition not assessed"
    return f"{condition.grade.value}, {condition.score} of 10"


def _print(report: Report, timing: RequestTiming, goods: Catalogue, console: Console, *, woke: bool) -> None:
    product, condition = report.product, report.condition
    console.print(f"✓ report {report.id}: {report.title}")
    if product and condition:
        console.print(
            f"  {product.type}, {product.material}; {_condition(condition)}; "
            f"seen by {report.model.artifact} at {report.model.endpoint}; {_cost(report.cost_usd)}"
        )
    _print_goods(report, goods, console)
    stages = [*timing.stages_ms.items(), ("the rest", timing.rest_ms)]
    console.print(f"  {', '.join(f'{name} {ms:.0f} ms' for name, ms in stages)}")
    if woke:
        console.print(f"✓ 202 at first; the report after {timing.total_ms / 1000:.0f} s")
    else:
        mark = "✓" if timing.kept else "!"
        console.print(f"{mark} {timing.total_ms / 1000:.1f} s in all, {timing.verdict}")
    if report.narrative == "template":
        console.print("! The text is the template's: the LLM gave none. Check that its key is valid.")
