"""Writes a plan as one file of HTML: it runs no script, asks for nothing, and prints."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from planning.page.charts import NARROW, WIDE, drawing

if TYPE_CHECKING:
    from planning.answer import Answer, Chart
    from planning.page.scales import Width

_FOLDER = Path(__file__).parent
_STYLES = ("colours.css", "style.css", "chart.css")
# Control characters but the end of a line: HTML has no place for them.
_CODE = re.compile(r"`([^`]+)`")
_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {0x0A})


@dataclass(frozen=True)
class Section:
    """The answers to one of the owner's questions; `id` is the address of the section in the page."""

    id: str
    question: str
    answers: tuple[Answer, ...]

    @property
    def short(self) -> str:
        """The first sentence of the first answer."""
        sentence, more, _ = self.answers[0].lead.partition(". ")
        return f"{sentence}." if more else sentence


@dataclass(frozen=True)
class Plan:
    """What the page says.

    `about` is the environment, the list and the day in a line; `basis` the reports that the answers are for;
    `warning` what a reader must know first, or empty; `made_by` the command that makes the page again.
    """

    title: str
    about: str
    basis: str
    warning: str
    sections: tuple[Section, ...]
    made_by: str


def page(plan: Plan) -> str:
    """Return the page. Raises ValueError if a chart's points cannot be drawn."""
    template = _environment().get_template("plan.html.j2")
    return template.render(plan=plan, style=Markup(stylesheet(*_STYLES)), WIDE=WIDE, NARROW=NARROW)  # noqa: S704 - ours


def stylesheet(*names: str) -> str:
    """Return some of the page's style sheets as one."""
    return "\n".join((_FOLDER / name).read_text("utf-8") for name in names)


def _drawing(section: Section, chart: Chart, width: Width) -> Markup:
    # Two sections may have a chart of the same name.
    own = replace(chart, name=f"{section.id}-{chart.name}")
    return Markup(drawing(own, width))  # noqa: S704 - it escapes the chart's texts


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.globals["drawing"] = _drawing
    environment.filters["words"] = _words
    return environment


def _words(text: str) -> Markup:
    """Return a text as HTML, with what stands in backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(_printable(text)))))  # noqa: S704 - escaped


def _printable(value: Any) -> Any:
    return value.translate(_CONTROLS) if isinstance(value, str) and not isinstance(value, Markup) else value
