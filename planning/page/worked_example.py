"""The worked example of the documents: prod, for the made list of users, on the day after that list ends."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from planning.assumptions import load_assumptions
from planning.bucket.forecast import SEED
from planning.example import NAME, TODAY, example_csv
from planning.output import markdown
from planning.page.compose import QUESTIONS, Inputs
from planning.page.picture import picture
from planning.users.reading import read_users
from settings.environment import load_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planning.answer import Chart
    from planning.page.page import Section

ENVIRONMENT = "prod"
FIGURES = "figures"
"""The pictures' folder, below `docs`."""
PICTURED = "size"
"""The section whose first chart stands in the summary."""


@dataclass(frozen=True)
class WorkedExample:
    """The sections of the example's plan."""

    sections: tuple[Section, ...]

    def document(self) -> str:
        """Return all answers as Markdown: conclusion, pictures, tables, and what they rest on."""
        return "\n\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for section in self.sections:
            yield f"### {section.question}"
            for answer in section.answers:
                yield answer.lead
                for chart in answer.charts:
                    yield f"![{chart.alt}]({FIGURES}/{file_name(chart)})"
                yield from (markdown(table) for table in answer.tables)
        notes = [note for section in self.sections for answer in section.answers for note in answer.notes]
        yield "### What it rests on"
        yield "\n".join(f"- {note}" for note in dict.fromkeys(notes))

    def summary(self) -> str:
        """Return a question and its answer a row, as Markdown, and the picture of the bucket."""
        rows = [f"| {section.question} | {section.short} |" for section in self.sections]
        size = next(section for section in self.sections if section.id == PICTURED)
        chart = size.answers[0].charts[0]
        shown = f"![{chart.alt}](docs/{FIGURES}/{file_name(chart)})"
        return "\n".join(["| | |", "|---|---|", *rows, "", shown])

    def pictures(self) -> dict[str, str]:
        """Return every chart as a file's name and its SVG."""
        charts = (chart for section in self.sections for answer in section.answers for chart in answer.charts)
        return {file_name(chart): picture(chart) for chart in charts}


def file_name(chart: Chart) -> str:
    """Return the name of a chart's picture."""
    return f"plan-{chart.name}.svg"


@cache
def worked_example() -> WorkedExample:
    """Return the example, computed once. Raises what the rooms raise."""
    users = read_users(io.BytesIO(example_csv()), NAME, TODAY)
    inputs = Inputs(load_environment(ENVIRONMENT), users, load_assumptions(), TODAY, SEED)
    return WorkedExample(tuple(question.section(inputs) for question in QUESTIONS))
