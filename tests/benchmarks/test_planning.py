"""`python -m benchmarks.planning`: every benchmark of the planner is one of its names."""

from pathlib import Path

import pytest

from benchmarks import planning
from benchmarks.planning.__main__ import NAMES, main


def test_every_benchmark_has_a_name() -> None:
    modules = {file.stem for file in Path(planning.__path__[0]).glob("[a-z]*.py")}
    runnable = {
        name for name in modules if "def main(" in (Path(planning.__path__[0]) / f"{name}.py").read_text()
    }
    assert runnable == set(NAMES)


def test_unknown_benchmark_names_the_others() -> None:
    with pytest.raises(SystemExit, match="no benchmark cost; there are lists, bucket, queues, service_times"):
        main(["lists", "cost"])
