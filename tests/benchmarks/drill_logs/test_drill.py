"""A small drill of log events over real processes: killed, and without a fault."""

from pathlib import Path

import pytest

from benchmarks import drill_logs
from benchmarks.drill_logs.__main__ import Drill
from local.home import Home

pytestmark = pytest.mark.system
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
        drill.supervisor.stop()
    assert verdict.faults() == []
    assert drill.supervisor.kills
    values = {figure.name: figure.value for figure in measured}
    assert values["events_sent"] >= EVENTS
    assert values["lines_written"] > EVENTS / 4
