"""The waterfall of a trace: a bar for each hop and stage, on a terminal or as an SVG file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from rich.table import Column, Table
from rich.text import Text

from cli.log_lines import ENDED, began_at, duration_ms, ended_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from rich.console import Console

    from cli.log_lines import Line

# What begins later than this after the report has ended is not drawn to scale: the message that would have
# finished the report in a killed worker's stead, and repeated webhooks.
LATE = timedelta(seconds=30)
_GOOD = frozenset({"", "done", "succeeded", "allowed", "repeated"})
_STYLES = {"hop": "cyan", "stage": "blue", "failed": "red", "report": "green"}
_COLOURS = {"hop": "#2a7a9b", "stage": "#8fb8cc", "failed": "#b3372f", "report": "#4d8b57"}
# Of the picture, in pixels.
_ROW, _LEFT, _WIDTH, _RIGHT = 22, 270, 600, 170


@dataclass(frozen=True)
class Bar:
    """A hop, a stage of one or the whole report: when it began after the first bar, and how long it took."""

    name: str
    kind: str
    depth: int
    at_ms: float
    ms: float
    outcome: str = ""
    late: bool = False

    @property
    def colour(self) -> str:
        """The kind of the bar, or `failed`."""
        return self.kind if self.outcome in _GOOD or self.outcome.startswith("2") else "failed"


def waterfall(story: Sequence[Line]) -> list[Bar]:
    """The bars of a trace's lines, each hop below the one that called it."""
    hops = sorted(_hops(story), key=began_at)
    ends = [line for line in story if line.get("message") == ENDED and duration_ms(line) is not None]
    if not hops:
        return []
    first = min(began_at(line) for line in [*hops, *ends])
    latest = max((ended_at(line) + LATE for line in ends), default=None)
    known = {line["span"] for line in hops if "span" in line}
    stages = _stages_by_span(hops, story)

    def below(caller: object, depth: int) -> Iterator[Bar]:
        for line in hops:
            if caller != (line.get("parent") if line.get("parent") in known else None):
                continue
            hop = _bar(line, "hop", f"{line.get('service', '?')}: {line['message']}", depth, first)
            late = latest is not None and began_at(line) > latest
            yield Bar(hop.name, hop.kind, depth, hop.at_ms, hop.ms, hop.outcome, late)
            if not late:
                yield from _stages(stages.get(line.get("span"), {}), hop)
            if "span" in line:
                yield from below(line["span"], depth + 1)

    whole = [_bar(line, "report", f"report {line.get('report', '')}", 0, first) for line in ends]
    return [*whole, *below(None, 0)]


def _hops(story: Sequence[Line]) -> Iterator[Line]:
    """The longest line of each span, and each line with a duration that belongs to none."""
    longest: dict[str, Line] = {}
    for line in story:
        took = duration_ms(line)
        if took is None or line.get("message") == ENDED:
            continue
        span = line.get("span")
        if not isinstance(span, str):
            yield line
        elif span not in longest or (duration_ms(longest[span]) or 0.0) < took:
            longest[span] = line
    yield from longest.values()


def _stages_by_span(hops: Sequence[Line], story: Sequence[Line]) -> dict[object, dict[str, float]]:
    """The stages of each hop; the line of a report's end names those of earlier hops again."""
    given: dict[object, dict[str, float]] = {}
    for line in story:
        stages = line.get("stages_ms")
        if isinstance(stages, dict):
            known = {name: float(ms) for name, ms in stages.items() if isinstance(ms, int | float)}
            given.setdefault(line.get("span"), {}).update(known)
    seen: set[tuple[str, float]] = set()
    by_span: dict[object, dict[str, float]] = {}
    for span in (line.get("span") for line in hops):
        by_span[span] = dict(each for each in given.get(span, {}).items() if each not in seen)
        seen.update(by_span[span].items())
    return by_span


def _bar(line: Line, kind: str, name: str, depth: int, first: datetime) -> Bar:
    at_ms = (began_at(line) - first).total_seconds() * 1000
    outcome = str(line.get("outcome") or line.get("status") or "")
    return Bar(name, kind, depth, at_ms, duration_ms(line) or 0.0, outcome)


def _stages(stages_ms: Mapping[str, float], hop: Bar) -> Iterator[Bar]:
    """The stages one after another from the hop's beginning.

    If they took longer than the hop, they began in an earlier one and end with this one.
    """
    whole = sum(stages_ms.values())
    start = hop.at_ms if whole <= hop.ms else max(0.0, hop.at_ms + hop.ms - whole)
    for name, ms in stages_ms.items():
        yield Bar(name, "stage", hop.depth + 1, start, ms)
        start += ms


def _whole_ms(bars: Sequence[Bar]) -> float:
    return max((bar.at_ms + bar.ms for bar in bars if not bar.late), default=0.0) or 1.0


def draw(bars: Sequence[Bar], console: Console) -> None:
    """Print the bars as a table: what, when it began, how long it took, how it ended."""
    room = max(10, console.width - 72)
    scale, block = room / _whole_ms(bars), "#" if console.options.ascii_only else "█"
    table = Table(
        Column("hop", width=38, no_wrap=True),
        Column("from ms", justify="right", no_wrap=True),
        Column("took ms", justify="right", no_wrap=True),
        Column("", no_wrap=True),
        Column("outcome", no_wrap=True),
        box=None,
        padding=(0, 1),
    )
    for bar in bars:
        before = min(room - 1, round(bar.at_ms * scale))
        drawn = "…" if bar.late else block * max(1, min(room - before, round(bar.ms * scale)))
        cells = Text(" " * before + drawn, style=_STYLES[bar.colour])
        table.add_row("  " * bar.depth + bar.name, f"{bar.at_ms:.0f}", f"{bar.ms:.0f}", cells, bar.outcome)
    console.print(table)


def svg(bars: Sequence[Bar], title: str) -> str:
    """The bars as an SVG picture, with a row of 22 pixels for each."""
    whole = _whole_ms(bars)
    width, height = _LEFT + _WIDTH + _RIGHT, _ROW * (len(bars) + 2)
    box = f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12"'
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="15" font-weight="bold">{escape(title)}</text>',
    ]
    for part in range(5):
        x, said = _LEFT + _WIDTH * part / 4, f"{whole * part / 4:,.0f} ms"
        rows.append(f'<text x="{x:.0f}" y="{_ROW * 2 - 7}" fill="#777">{said}</text>')
    for number, bar in enumerate(bars, start=2):
        y, x, length = _ROW * number, _LEFT + _WIDTH * bar.at_ms / whole, max(1.5, _WIDTH * bar.ms / whole)
        said = f"{bar.ms:,.0f} ms {bar.outcome}".strip()
        rows.append(f'<text x="{8 + 12 * bar.depth}" y="{y + 12}">{escape(bar.name)}</text>')
        if bar.late:
            x, length, said = _LEFT + _WIDTH, 0.0, f"after {bar.at_ms / 1000:,.0f} s: {said}"
        else:
            fill = _COLOURS[bar.colour]
            rows.append(f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="15" fill="{fill}"/>')
        rows.append(f'<text x="{x + length + 5:.1f}" y="{y + 12}" fill="#444">{escape(said)}</text>')
    return "\n".join([*rows, "</svg>", ""])
