"""`make demo MODE=async`: from a row in Postgres to a report in Postgres, printed as a timeline.

Nobody calls the API for the report: the user puts photos into the bucket and inserts a row; the database and
Vitrine tell each other the rest by signed webhooks.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
import jwt
from rich.console import Console
from rich.text import Text

from cli.errors import UserError
from local.demo.tokens import sign_in
from local.fakes.identity import DOMAIN
from local.home import Home
from local.supervisor import processes
from local.supervisor.outputs import stack_outputs
from local.supervisor.supabase import Project

USER, OTHER = "demo", "somebody-else"
PATIENCE_S = 180.0
_POLL_S = 0.2


@dataclass
class Timeline:
    """Lines with the seconds since the first, printed as they come."""

    console: Console
    begun: float = field(default_factory=time.perf_counter)

    def note(self, who: str, what: str) -> None:
        """Print what happened now."""
        line = Text.assemble(
            (f"{time.perf_counter() - self.begun:7.2f} s  ", "cyan"), (f"{who:<15}", "bold"), what
        )
        self.console.print(line, soft_wrap=True)


def run(photos: Sequence[tuple[str, bytes]], *, as_json: bool) -> int:
    """Have photos, given as names and contents, reported on; return the exit status.

    Raises LocalError when a step is refused or nothing comes of it in time.
    """
    home = Home.current()
    outputs = stack_outputs(home)
    project = Project.of(f"http://127.0.0.1:{processes.records(home)['database'].port}")
    tokens = {
        name: sign_in(outputs["SupabaseUrl"], outputs["SupabasePublishableKey"], name)
        for name in (USER, OTHER)
    }
    users = {name: subject(token) for name, token in tokens.items()}
    for name, user in users.items():
        project.sign_up(user, f"{name}@{DOMAIN}")
    timeline = Timeline(Console(file=sys.stderr, highlight=False))
    with httpx2.Client(
        base_url=outputs["ApiUrl"],
        headers={"Authorization": f"Bearer {tokens[USER]}"},
        trust_env=False,
        timeout=30,
    ) as api:
        uploads = [upload(api, name, content) for name, content in photos]
        timeline.note("user", f"{len(photos)} photo(s) into the bucket by a presigned POST")
        earlier = {report["id"] for report in reports(api)}
        analysis = ask(project, users[USER], uploads)
        timeline.note("user", f"row {analysis} into public.analyses, under row-level security")
        row = follow(project, api, users[USER], analysis, earlier, timeline)
    with project.as_user(users[OTHER]) as connection:
        seen = connection.execute("select id from public.reports where id = %s", (row["id"],)).fetchall()
    if seen:
        raise UserError("Another user sees the report.", hint="Look into supabase/migrations.")
    timeline.note(OTHER, "sees no such row")
    if as_json:
        print(json.dumps(row["report"], indent=2))  # noqa: T201
        return 0
    report = row["report"]
    console = Console(highlight=False)
    console.print()
    console.print(Text(str(report.get("title") or report.get("failure")), style="bold"), soft_wrap=True)
    console.print(Text(str(report.get("description") or "")))
    return 0 if row["status"] == "succeeded" else 1


def subject(token: str) -> str:
    """Return whose token it is, without asking whether it holds: the API does."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return str(claims["sub"])


def upload(api: httpx2.Client, name: str, content: bytes) -> str:
    """Put a photo into the bucket as a browser does, and return the upload's id."""
    offer = taken("The gateway", api.post("/uploads")).json()
    taken(
        "The bucket",
        httpx2.Client(trust_env=False, timeout=30).post(
            offer["url"],
            data={**offer["fields"], "Content-Type": "image/jpeg"},
            files={"file": (name, content, "image/jpeg")},
        ),
    )
    return str(offer["id"])


def ask(project: Project, user: str, uploads: list[str]) -> str:
    """Insert a row into public.analyses as a user, and return its id."""
    with project.as_user(user) as connection:
        row = connection.execute(
            "insert into public.analyses (upload_ids) values (%s) returning id::text", (uploads,)
        ).fetchone()
    assert row is not None  # noqa: S101 the statement returns one row or raises
    return str(row["id"])


def follow(
    project: Project,
    api: httpx2.Client,
    user: str,
    analysis: str,
    earlier: set[str],
    timeline: Timeline,
) -> dict[str, Any]:
    """Note each step until the user's report, none of the `earlier` ones, is in Postgres; return its row."""
    deadline = time.monotonic() + PATIENCE_S
    known: set[str] = set()

    def once(key: str, who: str, what: str) -> None:
        if key not in known:
            known.add(key)
            timeline.note(who, what)

    while time.monotonic() < deadline:
        if "hooks" not in known and (said := project.webhook_answer(analysis)) is not None:
            once("hooks", "hooks", f"to the database's signed webhook: {said}")
        for report in reports(api):
            if report["id"] not in earlier:
                once(report["status"], "results", f"report {report['id']} is {report['status']}")
        with project.as_user(user) as connection:
            row = connection.execute(
                "select id, status, report from public.reports where analysis_id = %s", (analysis,)
            ).fetchone()
        if row is not None:
            times = row["report"].get("timings_ms") or {}
            spent = ", ".join(f"{stage} {ms / 1000:.2f} s" for stage, ms in times.items() if ms is not None)
            timeline.note("edge", f"signed webhook taken, row in public.reports ({spent})")
            timeline.note("user", f"reads the report, {row['status']}, under row-level security")
            return row
        time.sleep(_POLL_S)
    raise UserError(
        f"No report is in Postgres after {PATIENCE_S:.0f} s.",
        hint="`python -m local status` names the logs; those of functions are in the emulator's.",
    )


def reports(api: httpx2.Client) -> list[dict[str, Any]]:
    """Return the user's newest reports."""
    listed: list[dict[str, Any]] = taken("The gateway", api.get("/reports")).json()["reports"]
    return listed


def taken(who: str, answer: httpx2.Response) -> httpx2.Response:
    """Return a successful answer; raise LocalError for another."""
    if answer.is_success:
        return answer
    raise UserError(
        f"{who} answers {answer.status_code}: {answer.text[:300].strip()}",
        hint="`python -m local status` says which part is down; its log says why.",
    )
