"""`python -m benchmarks.edge_log`: what its log costs the Edge Function report-ready, by who takes the lines.

The functions take turns, at the rate that Supabase's own log takes. Then one whose receiver never answers and
one that does not send each answer as fast as they can.
"""

import argparse
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from benchmarks.edge_log.functions import AWAY, CONSOLE, NAMES, SENT, SLOW, STALLED, UNLOGGED, running
from benchmarks.edge_log.load import BURST, Burst, Client, burst, take_turns
from benchmarks.figures import FIGURES, Figure, keep, show
from cli.settings_file import write_atomically
from local.home import REPOSITORY
from planning.documents import replaced

RECORD = FIGURES / "edge-log.json"
DOCUMENT, PART = REPOSITORY / "docs" / "edge-logs.md", "edge log"
TURNS, QUICK_TURNS = 1000, 50
MOST_MS_P50, MOST_MS_P99 = 0.5, 5.0
# As many as may be under way in supabase/functions/_shared/send.ts.
MOST_CONNECTIONS, MOST_MB = 20, 20.0
_SAID = {
    UNLOGGED: "nothing is logged",
    CONSOLE: "the console alone",
    SENT: "sent, and taken at once",
    SLOW: "sent, and taken after 1 s",
    AWAY: "sent, connection refused",
    STALLED: "sent, never answered",
}


def main() -> None:
    """Measure, print one line per figure, keep the run, and write its table into docs/edge-logs.md."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edge_log", description=__doc__)
    parser.add_argument("--turns", type=int, default=TURNS, help="requests to each (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="a glance: few turns, nothing kept")
    options = parser.parse_args()
    if options.turns < 2:
        parser.error("--turns is at least 2")
    turns = QUICK_TURNS if options.quick else options.turns
    with TemporaryDirectory(prefix="vitrine-edge-log-") as folder, running(Path(folder)) as functions:
        clients = {name: Client(function) for name, function in functions.items()}
        took, cpu_ms = take_turns(functions, clients, turns)
        bursts = {name: burst(functions[name], clients[name]) for name in (CONSOLE, STALLED)}
    figures = [*compared(took, cpu_ms), *bounds(bursts)]
    if not options.quick:
        burst_of = {name: _detail(each) for name, each in bursts.items()}
        keep(RECORD, figures, {"deno": version("deno"), "turns": turns, "burst": burst_of})
        write_table()
    show(figures)


def compared(took: Mapping[str, list[float]], cpu_ms: Mapping[str, float]) -> list[Figure]:
    """Return each function's percentiles and processor time, and what sending adds to the console alone."""
    figures = []
    for name in NAMES:
        p50, p99 = _percentiles(took[name])
        figures += [
            Figure(f"edge_log_{name}_ms_p50", p50),
            Figure(f"edge_log_{name}_ms_p99", p99),
            Figure(f"edge_log_{name}_cpu_ms", cpu_ms[name]),
        ]
    console50, console99 = _percentiles(took[CONSOLE])
    for name in (SENT, SLOW, AWAY, STALLED):
        p50, p99 = _percentiles(took[name])
        figures += [
            Figure(f"edge_log_{name}_extra_ms_p50", p50 - console50, at_most=MOST_MS_P50),
            Figure(f"edge_log_{name}_extra_ms_p99", p99 - console99, at_most=MOST_MS_P99),
        ]
    return figures


def bounds(bursts: Mapping[str, Burst]) -> list[Figure]:
    """Return what a receiver that never answers makes a busy function hold."""
    more_mb = bursts[STALLED].process_mb - bursts[CONSOLE].process_mb
    return [
        Figure("edge_log_stalled_connections", bursts[STALLED].connections, at_most=MOST_CONNECTIONS),
        Figure("edge_log_stalled_extra_mb", more_mb, at_most=MOST_MB),
    ]


def _detail(seen: Burst) -> dict[str, float]:
    p50, p99 = _percentiles(seen.took_ms)
    return {
        "requests": BURST,
        "ms_p50": round(p50, 2),
        "ms_p99": round(p99, 2),
        "mb": round(seen.process_mb, 1),
    }


def _percentiles(values: list[float]) -> tuple[float, float]:
    return median(values), quantiles(values, n=100, method="inclusive")[98]


def table(record: Path) -> str:
    """Return a run's figures as Markdown."""
    kept = json.loads(record.read_text("utf-8"))["figures"]
    values = {figure["name"]: figure["value"] for figure in kept}
    rows = ["| the function's lines | p50 ms | p99 ms | processor ms |", "|---|---|---|---|"]
    for name, said in _SAID.items():
        cells = (values[f"edge_log_{name}_{measure}"] for measure in ("ms_p50", "ms_p99", "cpu_ms"))
        rows.append(f"| {said} | {' | '.join(f'{value:.2f}' for value in cells)} |")
    return "\n".join(rows)


def write_table() -> None:
    """Write the table of the last run that was kept into docs/edge-logs.md."""
    text = replaced(DOCUMENT.read_text("utf-8"), PART, table(RECORD))
    write_atomically(DOCUMENT, text.encode())


if __name__ == "__main__":
    main()
