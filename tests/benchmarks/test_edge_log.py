"""How what a log costs an Edge Function is judged and told."""

from benchmarks.edge_log.__main__ import DOCUMENT, PART, RECORD, compared, table
from benchmarks.edge_log.functions import CONSOLE, NAMES, SLOW
from planning.documents import replaced


def test_slower_answers_are_short() -> None:
    took = {name: [2.0] * 100 for name in NAMES} | {CONSOLE: [1.0] * 100, SLOW: [1.2] * 95 + [9.0] * 5}
    figures = {figure.name: figure for figure in compared(took, dict.fromkeys(NAMES, 0.5))}
    assert [name for name, figure in figures.items() if not figure.met] == [
        "edge_log_sent_extra_ms_p50",
        "edge_log_slow_extra_ms_p99",
        "edge_log_away_extra_ms_p50",
        "edge_log_stalled_extra_ms_p50",
    ]


def test_document_has_the_last_run() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert replaced(text, PART, table(RECORD)) == text
