"""`python -m planning documents`: what the planner writes into the documents, and whether it is up to date.

A part of a document that the planner writes stands between `<!-- NAME: begin … -->` and `<!-- NAME: end -->`.
The pictures of the worked example are files of their own, `docs/figures/plan-*.svg`, as is the picture of the
architecture, `docs/figures/architecture.svg`.
"""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.settings_file import write_atomically
from planning.assumptions import load_assumptions
from planning.cost.answers import cost_answer, default_workload, idle_answer, with_full_model
from planning.output import markdown
from planning.synthesis import templates_by_stack
from settings.environment import environment_names, load_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[1]


def idle_costs() -> str:
    """Return the idle costs of every environment of AWS, as Markdown."""
    found = (load_environment(name) for name in environment_names())
    answers = [idle_answer(settings, date.today()) for settings in found if settings.target == "aws"]
    return "\n\n".join(markdown(table) for answer in answers for table in answer.tables)


def report_costs() -> str:
    """Return what prod's reports cost by how the endpoint runs, as set and with a full model, as Markdown."""
    settings, workload = load_environment("prod"), default_workload(load_assumptions())
    # Without the lines of a month, which a command prints.
    as_set = cost_answer(settings, workload, date.today()).tables[1:]
    full = cost_answer(with_full_model(settings), workload, date.today()).tables[1:3]
    return "\n\n".join(markdown(table) for table in (*as_set, *full))


def service_seconds() -> str:
    """Return the seconds of the models' requests by processor, as Markdown."""
    from planning.latency.tables import known_seconds  # loads numpy

    return markdown(known_seconds(load_environment("prod")))


def example_document() -> str:
    """Return the worked example, as Markdown."""
    from planning.page.worked_example import worked_example  # loads numpy

    return worked_example().document()


def example_summary() -> str:
    """Return the worked example's answers in a table, as Markdown."""
    from planning.page.worked_example import worked_example

    return worked_example().summary()


def example_pictures() -> dict[str, str]:
    """Return the worked example's pictures by the names of their files."""
    from planning.page.worked_example import worked_example

    return worked_example().pictures()


def architecture_picture() -> str:
    """Return the picture of prod's templates."""
    from planning.architecture.drawing import picture

    return picture(
        templates_by_stack(load_environment("prod")), "The stacks of prod and their main resources"
    )


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "idle cost": ("docs/operations.md", idle_costs),
    "cost": ("docs/planning.md", report_costs),
    "service seconds": ("docs/planning.md", service_seconds),
    "worked example": ("docs/planning.md", example_document),
    "plan": ("README.md", example_summary),
}
"""Name of a part → its document and what writes it."""


@click.command()
@click.option("--write", is_flag=True, help="Update the documents.")
def documents(write: bool) -> None:
    """Check that what the planner writes into the documents is up to date, or --write it.

    That is the idle costs of every environment, a worked example (prod, for a made list of 5,000 users), and
    the picture of the architecture.
    """
    stale = list(stale_files(ROOT))
    for file, text in stale:
        if not write:
            click.echo(f"{file.relative_to(ROOT)} is out of date: run `make operations`", err=True)
        elif text is None:
            file.unlink()
        else:
            write_atomically(file, text.encode())
    if stale and not write:
        sys.exit(1)


def stale_files(root: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield each file that is out of date, with its new text, or None for a picture of no chart."""
    for name in sorted({document for document, _ in PARTS.values()}):
        file = root / name
        before = after = file.read_text("utf-8")
        for part, (document, compose) in PARTS.items():
            if document == name:
                after = replaced(after, part, compose())
        if after != before:
            yield file, after
    folder, pictures = root / "docs" / "figures", example_pictures()
    for name, text in {**pictures, "architecture.svg": architecture_picture()}.items():
        file = folder / name
        if not file.exists() or file.read_text("utf-8") != text:
            yield file, text
    yield from ((file, None) for file in folder.glob("plan-*.svg") if file.name not in pictures)


def replaced(text: str, name: str, content: str) -> str:
    """Return a document with other content in the part `name`; raises ValueError where it has none."""
    part = re.compile(
        rf"(<!-- {re.escape(name)}: begin[^>]*-->\n).*?(<!-- {re.escape(name)}: end -->)", re.DOTALL
    )
    text, count = part.subn(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text)
    if count != 1:
        raise ValueError(f"the document has {count} parts {name!r}, and one is expected")
    return text
