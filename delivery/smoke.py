"""`python -m delivery smoke`: one photo through the public address, as a user of the frontend sends it."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console

from client import api
from client.errors import CallError, Refused, Unreachable
from client.timing import Timing
from delivery.errors import DeliveryError
from delivery.running import ROOT
from services.core.report import Report

SAMPLE = ROOT / "examples" / "photos" / "drawn-mug.jpg"
TOKEN, EMAIL, PASSWORD = "VITRINE_SMOKE_TOKEN", "SUPABASE_SMOKE_EMAIL", "SUPABASE_SMOKE_PASSWORD"
_PAUSE_S = 3.0


def smoke(
    outputs: Mapping[str, str], console: Console, *, photo: Path = SAMPLE, patience_s: float = 0
) -> None:
    """Ask without a token, then, where there is a user, for a report of a photo; erase it again.

    The address is tried again for `patience_s`: a name that is new takes its time. Raises DeliveryError for
    an answer that a well system does not give.
    """
    address = outputs["ApiUrl"]
    status = _ask_without_token(address, patience_s)
    if status != 401:
        raise DeliveryError(
            f"{address}/analyze answered {status} to a caller without a token; 401 is right.",
            cure="See the gateway's log: its authorizer stands between callers and the service.",
        )
    console.print(f"✓ {address} answers 401 to a caller without a token")
    token = _token(outputs)
    if token is None:
        console.print(f"! The photo was not tried: no user is named. Set {TOKEN}, or {EMAIL} and {PASSWORD}.")
        return
    report, timing = _report(address, token, photo)
    _show(report, timing, console)
    try:
        api.erase(address, token, report.id)
    except CallError as error:
        raise DeliveryError(
            f"The report {report.id} is not erased: {error}.", cure="Erase it by DELETE."
        ) from error
    console.print("✓ report and photo erased")


def _ask_without_token(address: str, patience_s: float) -> int:
    until = time.monotonic() + patience_s
    while True:
        try:
            return api.status_without_token(address)
        except Unreachable as error:
            if time.monotonic() >= until:
                cure = "See whether the name resolves; a new domain may take minutes."
                raise DeliveryError(f"{error}.", cure=cure) from error
        time.sleep(_PAUSE_S)


def _token(outputs: Mapping[str, str]) -> str | None:
    if token := os.environ.get(TOKEN):
        return token
    email, password = os.environ.get(EMAIL), os.environ.get(PASSWORD)
    if not email or not password:
        return None
    try:
        return api.sign_in(outputs["SupabaseUrl"], outputs["SupabasePublishableKey"], email, password)
    except CallError as error:
        raise DeliveryError(
            f"The user of {EMAIL} is not signed in: {error}.",
            cure="The user must be of the Supabase project in the settings, and confirmed.",
        ) from error


def _report(address: str, token: str, photo: Path) -> tuple[Report, Timing]:
    try:
        document, timing = api.post(address, token, [(photo.name, photo.read_bytes())])
        return Report.model_validate(document), timing
    except OSError as error:
        raise DeliveryError(
            f"{photo} cannot be read: {error.strerror}.", cure="Name another photo."
        ) from error
    except ValidationError as error:
        raise DeliveryError(f"The answer is no report: {error}.", cure="See the service's log.") from error
    except Refused as error:
        if error.report_id is not None:
            with suppress(CallError):  # what failed is told; what it left is erased as well as can be
                api.erase(address, token, error.report_id)
        facts = "".join(f" {fact}." for fact in error.facts)
        cure = " ".join([*error.remedies, f"The service's log says more.{facts}"])
        raise DeliveryError(f"No report: {error}.", cure=cure) from error
    except Unreachable as error:
        raise DeliveryError(f"No report: {error}.", cure="Try again.") from error


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
