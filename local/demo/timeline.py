"""`make demo MODE=async`: from a row in Postgres to a report in Postgres, printed as a timeline.

The user uploads photos to the bucket and inserts a row; the database and Vitrine exchange signed webhooks. No
client requests the report from the API.
"""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import httpx2
import jwt
from rich.console import Console
from rich.text import Text

from cli.errors import UserError
from local.demo.command import Photo, sign_in
from local.fakes.postgres.project import SupabaseProject
from local.home import Home
from local.supervisor import processes
from local.supervisor.account import stack_outputs
from local.users import USER, email

OTHER_USER = "other"
TIMEOUT_S = 180.0
_POLL_S = 0.2


def follow_row(photos: Sequence[Photo], *, as_json: bool) -> int:
    """Upload photos, insert a row, and print what happens until its report is in Postgres.

    Return 0 when the report has succeeded, else 1. Raise UserError when a step is refused or takes too long.
    """
    home = Home.current()
    outputs = stack_outputs(home)
    project = SupabaseProject.at(f"http://127.0.0.1:{processes.records(home)['database'].port}")
    tokens = {
        name: sign_in(outputs["SupabaseUrl"], outputs["SupabasePublishableKey"], name)
        for name in (USER, OTHER_USER)
    }
    users = {name: user_id(token) for name, token in tokens.items()}
    for name, user in users.items():
        project.add_user(user, email(name))
    progress, begun = Console(stderr=True, highlight=False), time.perf_counter()

    def add(actor: str, event: str) -> None:
        elapsed = (f"{time.perf_counter() - begun:7.2f} s  ", "cyan")
        progress.print(Text.assemble(elapsed, (f"{actor:<15}", "bold"), event), soft_wrap=True)

    with httpx2.Client(
        base_url=outputs["ApiUrl"],
        headers={"Authorization": f"Bearer {tokens[USER]}"},
        trust_env=False,
        timeout=30,
    ) as gateway:
        uploads = [_upload(gateway, photo) for photo in photos]
        add("user", f"{len(photos)} photo(s) into the bucket by a presigned POST")
        earlier = {report["id"] for report in _reports(gateway)}
        with project.as_user(users[USER]) as connection:
            inserted = connection.execute(
                "insert into public.analyses (upload_ids) values (%s) returning id::text", (uploads,)
            ).fetchone()
        assert inserted is not None  # noqa: S101 the statement returns one row or raises
        analysis = inserted["id"]
        add("user", f"row {analysis} into public.analyses, under row-level security")
        row = _wait_for_report(project, gateway, users[USER], analysis, earlier, add)
    with project.as_user(users[OTHER_USER]) as connection:
        visible = connection.execute("select id from public.reports where id = %s", (row["id"],)).fetchall()
    if visible:
        raise UserError("Another user sees the report.", hint="Check the policies in supabase/migrations.")
    add(OTHER_USER, "sees no such row")
    report = row["report"]
    if as_json:
        print(json.dumps(report, indent=2))  # noqa: T201
    else:
        console = Console(highlight=False)
        console.print()
        console.print(Text(str(report.get("title") or report.get("failure")), style="bold"), soft_wrap=True)
        console.print(Text(str(report.get("description") or "")))
    return 0 if row["status"] == "succeeded" else 1


def _upload(gateway: httpx2.Client, photo: Photo) -> str:
    offer = _checked("The gateway", gateway.post("/uploads")).json()
    answer = httpx2.Client(trust_env=False, timeout=30).post(
        offer["url"],
        data={**offer["fields"], "Content-Type": "image/jpeg"},
        files={"file": (*photo, "image/jpeg")},
    )
    _checked("The bucket", answer)
    return str(offer["id"])


def _wait_for_report(
    project: SupabaseProject,
    gateway: httpx2.Client,
    user: str,
    analysis: str,
    earlier: set[str],
    add: Callable[[str, str], None],
) -> dict[str, Any]:
    """Print each step until the analysis has a report in Postgres; return the report's row.

    `earlier` are the ids of reports that existed before the analysis.
    """
    deadline = time.monotonic() + TIMEOUT_S
    printed: set[str] = set()

    def add_once(key: str, actor: str, event: str) -> None:
        if key not in printed:
            printed.add(key)
            add(actor, event)

    while time.monotonic() < deadline:
        if "hooks" not in printed and (outcome := project.webhook_outcome(analysis)) is not None:
            add_once("hooks", "hooks", f"to the database's signed webhook: {outcome}")
        for report in _reports(gateway):
            if report["id"] not in earlier:
                add_once(report["status"], "results", f"report {report['id']} is {report['status']}")
        with project.as_user(user) as connection:
            row = connection.execute(
                "select id, status, report from public.reports where analysis_id = %s", (analysis,)
            ).fetchone()
        if row is not None:
            timings = row["report"].get("timings_ms") or {}
            stages = ", ".join(f"{name} {ms / 1000:.2f} s" for name, ms in timings.items() if ms is not None)
            add("edge", f"signed webhook accepted, row in public.reports ({stages})")
            add("user", f"reads the report, {row['status']}, under row-level security")
            return row
        time.sleep(_POLL_S)
    raise UserError(
        f"No report is in Postgres after {TIMEOUT_S:.0f} s.",
        hint="`python -m local status` names the logs; the emulator's log has those of the functions.",
    )


def _reports(gateway: httpx2.Client) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", _checked("The gateway", gateway.get("/reports")).json()["reports"])


def _checked(sender: str, answer: httpx2.Response) -> httpx2.Response:
    if answer.is_success:
        return answer
    raise UserError(
        f"{sender} answers {answer.status_code}: {answer.text[:300].strip()}",
        hint="`python -m local status` shows which process is down; see its log.",
    )


def user_id(token: str) -> str:
    """Return the user id in a token, without verifying the token: the API does."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return str(claims["sub"])
