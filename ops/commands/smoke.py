"""`python -m ops smoke`: one photo through the public address, as a user of the frontend sends it."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import boto3
from pydantic import ValidationError
from rich.console import Console

from cli.errors import UserError
from client import api
from client.errors import CallError, Refused, Unreachable
from client.timing import Timing
from ops.commands.internal_checks import SAMPLE, look_inside
from ops.commands.user import EMAIL, PASSWORD, TOKEN, access_token
from services.core.domain.report import Report
from settings.environment import Environment

_PAUSE_S = 3.0


def smoke(
    settings: Environment,
    session: boto3.Session,
    outputs: Mapping[str, str],
    console: Console,
    *,
    photo: Path = SAMPLE,
    patience_s: float = 0,
) -> bool:
    """Ask as a stranger, look behind the address, then, where there is a user, have a photo's report made.

    Returns whether a photo went through the public address; its report is erased again. The address is tried
    again for `patience_s`: a name that is new takes its time. Raises DeliveryError for an answer that a well
    system does not give.
    """
    address = outputs["ApiUrl"]
    _turn_strangers_away(address, console, patience_s)
    if settings.target == "emulator":
        console.print("- Tasks and endpoint were not asked for: the emulator has neither of its own.")
    else:
        look_inside(settings, session, console)
    if settings.model.paused:
        console.print("! The photo was not tried: model.paused is true, so there is no endpoint.")
        return False
    token = access_token(outputs)
    if token is None:
        console.print(
            "! Not proven: that a user's photo becomes a report. Nobody signed in, and no photo went the way "
            "from the gateway through the service to the model, the LLM and the table. "
            f"Set {TOKEN}, or {EMAIL} and {PASSWORD}."
        )
        return False
    report, timing = _report(address, token, photo)
    _show(report, timing, console)
    try:
        api.erase(address, token, report.id)
    except CallError as error:
        raise UserError(
            f"The report {report.id} is not erased: {error}.", hint="Erase it by DELETE."
        ) from error
    console.print("✓ report and photo erased")
    return True


def _turn_strangers_away(address: str, console: Console, patience_s: float) -> None:
    status = _patiently(lambda: api.status_without_token(address), patience_s)
    if status != 401:
        raise UserError(
            f"{address}/analyze answered {status} to a caller without a token; 401 is right.",
            hint="See the gateway's log: its authorizer stands between callers and the service.",
        )
    console.print(f"✓ {address} answers 401 to a caller without a token")
    # That much the gateway says by itself; of a token it must ask its authorizer.
    status = _patiently(lambda: api.status_with_token(address, _forged()), patience_s=0)
    if status != 403:
        raise UserError(
            f"{address}/analyze answered {status} to a forged token; 403 is right.",
            hint="See the authorizer's log; 500 is its own failure, or Supabase's keys do not arrive.",
        )
    console.print("✓ 403 to a forged token: the authorizer ran, and has the issuer's keys")


def _forged() -> str:
    """Return a token whose key nobody knows: only with the issuer's keys at hand is that said of it.

    Another one each time, since the gateway remembers what its authorizer said of a token.
    """
    header = {"alg": "ES256", "typ": "JWT", "kid": f"forged-{time.time_ns()}"}
    parts = (json.dumps(header).encode(), b"{}", b"no signature")
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def _patiently(ask: Callable[[], int], patience_s: float) -> int:
    until = time.monotonic() + patience_s
    while True:
        try:
            return ask()
        except Unreachable as error:
            if time.monotonic() >= until:
                hint = "See whether the name resolves; a new domain may take minutes."
                raise UserError(f"{error}.", hint=hint) from error
        time.sleep(_PAUSE_S)


def _report(address: str, token: str, photo: Path) -> tuple[Report, Timing]:
    try:
        document, timing = api.post(address, token, [(photo.name, photo.read_bytes())])
        return Report.model_validate(document), timing
    except OSError as error:
        raise UserError(f"{photo} cannot be read: {error.strerror}.", hint="Name another photo.") from error
    except ValidationError as error:
        raise UserError(f"The answer is no report: {error}.", hint="See the service's log.") from error
    except Refused as error:
        if error.report_id is not None:
            with suppress(CallError):  # what failed is told; what it left is erased as well as can be
                api.erase(address, token, error.report_id)
        facts = "".join(f" {fact}." for fact in error.facts)
        hint = " ".join([*error.remedies, f"The service's log says more.{facts}"])
        raise UserError(f"No report: {error}.", hint=hint) from error
    except Unreachable as error:
        raise UserError(f"No report: {error}.", hint="Try again.") from error


def _show(report: Report, timing: Timing, console: Console) -> None:
    product, condition = report.product, report.condition
    console.print(f"✓ report {report.id}: {report.title}")
    if product and condition:
        console.print(
            f"  {product.type}, {product.material}; {condition.grade.value}, {condition.score} of 10; "
            f"seen by {report.model.artifact} at {report.model.endpoint}; cost {report.cost_usd or 0:.6f} USD"
        )
    stages = [*timing.stages_ms.items(), ("the rest", timing.rest_ms)]
    console.print(f"  {', '.join(f'{name} {ms:.0f} ms' for name, ms in stages)}")
    mark = "✓" if timing.kept else "!"
    console.print(f"{mark} {timing.total_ms / 1000:.1f} s in all, {timing.verdict}")
    if report.narrative != "llm":
        console.print("! The words are the template's: the LLM gave none. See whether its key is right.")
