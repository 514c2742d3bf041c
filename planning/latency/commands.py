"""`python -m planning latency`: how long reports take, and the cheapest endpoint within the goal."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, BinaryIO

import click
from click.core import ParameterSource
from rich.console import Console

from planning import options
from planning.assumptions import load_assumptions
from planning.output import show
from planning.users.progress import read_shown
from planning.workload import Workload
from settings.environment import load_environment

if TYPE_CHECKING:
    from pathlib import Path

    from planning.assumptions import Assumptions
    from settings.environment import Environment

MONTH = 12
"""Of a list of users, the workload is the median of this month of the forecast."""


@click.command()
@options.env
@options.reports
@click.option(
    "--users", type=click.File("rb"), metavar="LIST",
    help="A list of users, as `bucket` takes it: their reports in a year's time take the place of --reports.",
)  # fmt: skip
@click.option(
    "--batch-up-to", type=click.IntRange(1, 32), default=1, show_default=True, metavar="N",
    help="Requests that an instance answers at once; more than 1 needs our own model server.",
)  # fmt: skip
@options.assume
@options.as_json
def latency(
    named: str, reports: float, users: BinaryIO | None, batch_up_to: int, assume: Path | None, as_json: bool
) -> None:
    """Compute how long reports take, and the cheapest endpoint that meets the goal.

    A simulation of ordinary weeks and of a busy day: reports by hour and weekday, instances that start and go
    as the endpoint's scaling does it, and the model's seconds, measured or estimated. The goal is [alarms]
    report_goal_s, within which 95 % of the reports should end.
    """
    from planning.bucket.forecast import SEED  # loads numpy
    from planning.latency.answer import latency_answer

    given = click.get_current_context().get_parameter_source("reports")
    if users is not None and given is ParameterSource.COMMANDLINE:
        raise click.UsageError("Pass either --users or --reports.")
    settings, assumptions, today = load_environment(named), load_assumptions(assume), date.today()
    if users is not None:
        reports = _of_users(settings, users, assumptions, today)
    with Console(stderr=True).status("simulating weeks and busy days"):
        workload = Workload(reports, assumptions)
        answer = latency_answer(settings, workload, today, SEED, batch_up_to=batch_up_to)
    show(answer, as_json=as_json)


def _of_users(settings: Environment, users: BinaryIO, assumptions: Assumptions, today: date) -> float:
    from planning.bucket.forecast import forecast  # loads numpy

    found = read_shown(users, today)
    return forecast(settings, found, assumptions, today).reports_per_month[MONTH - 1].p50
