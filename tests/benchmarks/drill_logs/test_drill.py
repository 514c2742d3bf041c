"""A small drill of log events over real processes: killed, and without a fault."""

import gc
from pathlib import Path

import pytest

from benchmarks import drill_logs
from benchmarks.drill_logs.__main__ import Drill
from local.home import Home
from local.supervisor import processes

# The supervisor leaves the processes that are never killed to `stop`, by their records.
pytestmark = [pytest.mark.system, pytest.mark.filterwarnings("ignore:subprocess:ResourceWarning")]
EVENTS = 1000


def test_small_drill_has_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drill_logs.launch, "RECEIVERS", 2)
    monkeypatch.setattr(drill_logs.launch, "WRITERS", 2)
    monkeypatch.setattr(drill_logs.__main__, "PAUSE_S", (0.5, 1.5))
    home = Home(tmp_path)
    home.create()
    drill = Drill(home, EVENTS, seed=1, spread_s=6)
    try:
        verdict, measured = drill.run()
    finally:
        processes.stop(home)
    assert verdict.faults() == []
    assert drill.supervisor.kills
    values = {figure.name: figure.value for figure in measured}
    assert values["events_sent"] >= EVENTS
    assert values["lines_written"] > EVENTS / 4
    # Its processes go while their warning is ignored.
    del drill
    gc.collect()
