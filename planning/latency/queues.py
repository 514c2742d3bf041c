"""The chart of waiting by load: Erlang's formula, the simulation, and the model's own seconds.

Its points are those of `python -m benchmarks.planning.queues`, whose runs are too long for every plan.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from planning.answer import Chart, Series

if TYPE_CHECKING:
    from planning.latency.service_times import ModelSize

FILE = Path(__file__).resolve().parents[2] / "docs" / "figures" / "planning-queues.json"
_NAMES = {"demo": "the demo model on a CPU", "full": "BLIP-2 on a T4, estimated"}


def waiting_chart(model: ModelSize, file: Path = FILE) -> Chart:
    """Return mean seconds by load, in the mean seconds of a request alone."""
    points = json.loads(file.read_text("utf-8"))["detail"]["means"]
    shown = {
        "M/M/1 by Erlang's formula": ("mm1_closed_form", "line"),
        "M/M/1 simulated": ("mm1", "points"),
        "one request at a time": (f"{model}_alone", "dashes"),
        "up to 8 requests in a batch": (f"{model}_batches", "dashes"),
    }
    return Chart(
        name=f"waiting-by-load-{model}",
        title=f"How long requests take by load: {_NAMES[model]}",
        alt=(
            "Mean time of a request by the load of one instance. The simulation lies on Erlang's formula; "
            "with the model's own seconds requests wait about half as long, and with batches an instance "
            "keeps up with more than it could answer one by one."
        ),
        x_label="load: requests that come, as a share of those that an instance answers one by one",
        y_label="mean time, in those of a request alone",
        y_log=True,
        series=tuple(
            Series(name, tuple(x for x, _ in points[key]), tuple(y for _, y in points[key]), style)  # type: ignore[arg-type]
            for name, (key, style) in shown.items()
        ),
    )
