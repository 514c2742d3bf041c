"""`python -m benchmarks.drill.worker jobs|outbox`: the functions of services/results, run as by Lambda.

`jobs` runs jobs and sweep, `outbox` runs outbox and notify. A seed adds faults and the drill's short times.
"""

import argparse
import os
import random
import threading
import time
from pathlib import Path

from benchmarks.drill.event_sources import NONE, Faults, QueueSource, StreamSource
from benchmarks.drill.time_scale import SWEEP_EVERY_S, hasten
from services.results import jobs, notify, outbox, sweep


def _sweeps() -> None:
    while True:
        time.sleep(SWEEP_EVERY_S)
        try:
            sweep.handle({}, None)
        except Exception as error:  # as in Lambda, the next sweep retries
            print(f"sweep: {type(error).__name__}: {error}", flush=True)  # noqa: T201


def main() -> None:
    """Work until killed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill.worker", description=__doc__)
    parser.add_argument("role", choices=("jobs", "outbox"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed")
    options = parser.parse_args()
    faults = NONE
    if options.seed:
        hasten("services.core", "services.results")
        faults = Faults(random.Random(options.seed))  # noqa: S311 - a drill's faults
    if options.role == "jobs":
        other = _sweeps
        source = QueueSource(os.environ["JOBS_QUEUE_URL"], jobs.handle, faults)
    else:
        table = os.environ["REPORTS_TABLE"]
        other = StreamSource(table, options.folder / f"{table}.place", outbox.handle, faults).run
        source = QueueSource(os.environ["WEBHOOK_QUEUE_URL"], notify.handle, faults)
    threading.Thread(target=other, daemon=True).start()
    source.run()


if __name__ == "__main__":
    main()
