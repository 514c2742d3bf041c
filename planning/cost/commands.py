"""`python -m planning cost`: what an environment costs."""

from datetime import date

import click

from planning import options
from planning.answer import Answer, Table
from planning.cost.idle import Line, idle_cost
from planning.output import show
from planning.prices.price_list import price_list
from planning.synthesis import templates
from settings.environment import Environment, load_environment


@click.command()
@options.env
@options.as_json
def cost(named: str, as_json: bool) -> None:
    """Compute what an environment costs."""
    show(idle_answer(load_environment(named), date.today()), as_json=as_json)


def idle_answer(settings: Environment, today: date) -> Answer:
    """Return the environment's cost without a request."""
    lines = idle_cost(settings, templates(settings))
    total = sum(line.usd for line in lines)
    notes = price_list(settings.region).notes((item for line in lines for item in line.items), today)
    return Answer(
        title=f"{settings.name} in {settings.region}",
        lead=f"Without a request it costs {total:.2f} USD a month.",
        tables=(idle_table(settings, lines),),
        notes=tuple(notes),
        data={
            "environment": settings.name,
            "idle_usd_month": total,
            "idle_lines": [{"what": one.what, "count": one.count, "usd_month": one.usd} for one in lines],
        },
    )


def idle_table(settings: Environment, lines: list[Line]) -> Table:
    """Return the lines, what observing costs, and the total."""
    observing = sum(line.usd for line in lines if line.observing)
    rows = [
        *((line.what, f"{line.count:g}", f"{line.usd:.2f}") for line in lines),
        ("of which observing: alarms, their topic, metrics, dashboards", "", f"{observing:.2f}"),
        ("in all", "", f"{sum(line.usd for line in lines):.2f}"),
    ]
    return Table(
        f"{settings.name} in {settings.region}, USD a month without a request",
        ("what", "how many", "USD"),
        tuple(rows),
        frozenset({"how many", "USD"}),
    )
