"""`python -m benchmarks.drill.worker jobs|outbox|hooks`: functions of queues and stream, run as by Lambda.

`jobs` runs jobs and sweep, `outbox` runs outbox and notify, `hooks` accepts analyses of the database. A seed
adds faults and the drill's short times.
"""

import argparse
import json
import os
import random
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.drill.event_sources import NONE, Faults, QueueSource, StreamSource
from benchmarks.drill.stream_filter import FILTER_FILE, Pattern
from benchmarks.drill.time_scale import HOOKS_PAUSES_S, HURRIED, SWEEP_EVERY_S
from services.core.domain.timing import PRODUCTION, Timing
from services.hooks import worker as hooks
from services.results import jobs, notify, outbox, sweep

if TYPE_CHECKING:
    from collections.abc import Callable


def _sweeps(timing: Timing) -> None:
    while True:
        time.sleep(SWEEP_EVERY_S)
        try:
            sweep.handle({}, None, timing)
        except Exception as error:  # as in Lambda, the next sweep retries
            print(f"sweep: {type(error).__name__}: {error}", flush=True)  # noqa: T201


def _patterns(folder: Path) -> list[Pattern]:
    file = folder / FILTER_FILE
    patterns: list[Pattern] = json.loads(file.read_text()) if file.exists() else []
    return patterns


def main() -> None:
    """Work until killed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill.worker", description=__doc__)
    parser.add_argument("role", choices=("jobs", "outbox", "hooks"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed")
    options = parser.parse_args()
    faults, timing = NONE, PRODUCTION
    if options.seed:
        timing = HURRIED
        faults = Faults(random.Random(options.seed))  # noqa: S311 - a drill's faults
    if options.role == "hooks":
        if options.seed:
            hooks.PAUSES_S = HOOKS_PAUSES_S
        QueueSource(os.environ["HOOKS_QUEUE_URL"], hooks.handle, faults, batch=1).run()
    if options.role == "jobs":
        other: Callable[[], None] = partial(_sweeps, timing)
        source = QueueSource(os.environ["JOBS_QUEUE_URL"], partial(jobs.handle, timing=timing), faults)
    else:
        table = os.environ["REPORTS_TABLE"]
        other = StreamSource(
            table, options.folder / f"{table}.place", outbox.handle, faults, _patterns(options.folder)
        ).run
        source = QueueSource(os.environ["WEBHOOK_QUEUE_URL"], partial(notify.handle, timing=timing), faults)
    threading.Thread(target=other, daemon=True).start()
    source.run()


if __name__ == "__main__":
    main()
