"""`python -m benchmarks.drill`: thousands of jobs while processes are killed at random.

Every report must end exactly once and reach Postgres, or be erased everywhere. The drill judges once
everything has come to rest, however long that takes: a slow machine changes its speed, not its verdict.
"""

import argparse
import asyncio
import json
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

import httpx2

from benchmarks.drill import audit
from benchmarks.drill.clients import Clients
from benchmarks.drill.database import Database
from benchmarks.drill.drill_jobs import most_jobs
from benchmarks.drill.figures import Verdict, figures, judge, speed, table
from benchmarks.drill.jobs import Job, draw_jobs
from benchmarks.drill.launch import DATABASE_MODE, Launched, launch_both
from benchmarks.drill.rest import Look, Stuck, come_to_rest
from benchmarks.drill.stream_filter import FILTER_FILE, declared_patterns
from benchmarks.drill.supervisor import Supervisor
from benchmarks.figures import Figure, say, show
from local.home import Home

# Seconds between kills, seconds until a restart, and seconds of kills after the last request.
PAUSE_S, DOWN_S, KILLS_AFTER_S = (1.0, 4.0), (0.0, 1.5), 20
MOST_FAULTS_SHOWN = 40


def main() -> None:
    """Run the drill, print verdict and speed; exit with 1 for a fault, with 2 when it cannot be judged."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2000, help="how many reports (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: %(default)s)")
    parser.add_argument(
        "--minutes", type=float, default=3.2, help="over which the requests are spread (default: %(default)s)"
    )
    options = parser.parse_args()
    if not 1 <= options.jobs <= most_jobs() or options.minutes <= 0:
        parser.error(f"--jobs is 1 to {most_jobs()}, --minutes more than 0")
    signal.signal(signal.SIGTERM, _interrupt)
    home = Home(Path(tempfile.mkdtemp(prefix="vitrine-drill-")))
    home.create()
    drill = Drill(home, options.jobs, options.seed, options.minutes * 60)
    status = 2
    try:
        verdict, measured = drill.run()
        status = 0 if all(figure.met for figure in measured) else 1
    except Stuck as stuck:
        say("\n".join([f"not judged: {stuck}", *drill.stuck()[:MOST_FAULTS_SHOWN]]))
    except KeyboardInterrupt:
        sys.exit("stopped")
    finally:
        drill.supervisor.stop()
        if status:
            say(f"logs and journals are in {home.root}")
        else:
            shutil.rmtree(home.root, ignore_errors=True)
    if status != 2:
        faults = verdict.faults
        print(*table(drill.supervisor.names, drill.supervisor.kills), *faults[:MOST_FAULTS_SHOWN], sep="\n")  # noqa: T201
        show(measured)
        show(drill.speed())
    sys.exit(status)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


class Drill:
    """One run: its processes, its deployments (one per endpoint mode), its database, its jobs."""

    def __init__(self, home: Home, jobs: int, seed: int, spread_s: float) -> None:
        self.supervisor = Supervisor(home)
        self._folder = home.data("drill")
        self._folder.mkdir(parents=True)
        self._logs = home.log("any").parent
        self._count = jobs
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - a drill's faults
        self._start = time.monotonic()
        self._took_s = self._rest_s = 0.0
        self._spread_s = spread_s
        self._jobs: list[Job] = []
        self._launched: Launched | None = None
        self._cut_off_jobs: dict[str, set[int]] = {}

    def run(self) -> tuple[Verdict, list[Figure]]:
        """Start all processes, request reports while killing, come to rest, and judge; raises Stuck."""
        self._say("starting")
        (self._folder / FILTER_FILE).write_text(json.dumps(declared_patterns()))
        launched = self._launched = launch_both(self.supervisor, self._folder, self._count, self._seed)
        assert launched.project is not None
        database, deployments = Database(launched.project), list(launched.deployments.values())
        self._jobs = draw_jobs(self._count, self._random, deployments, launched.deployments[DATABASE_MODE])
        users = {job.user_id for job in self._jobs}
        database.prepare(sorted(users), launched.hooks_url, launched.hooks_key)
        threading.Thread(target=database.repeat_webhooks, daemon=True).start()
        asyncio.run(self._drill(launched, database))
        self._say("judging")
        verdict = judge(launched.cloud, deployments, self._jobs, database, self._folder, self._logs)
        return verdict, figures(
            launched.cloud, deployments, self._jobs, verdict, self._cut_off_jobs, self._folder, self._logs
        )

    def stuck(self) -> list[str]:
        """Return what is left, one line each, and the processes that ended without being killed."""
        assert self._launched is not None
        assert self._launched.project is not None
        lines = [f"{name} ended by itself" for name in self.supervisor.crashed()]
        for deployment in self._launched.deployments.values():
            lines += audit.unfinished_rows(self._launched.cloud, deployment)
        answered = Database(self._launched.project).answered()
        lines += [f"analysis {analysis} has no report" for analysis, report in answered.items() if not report]
        return lines + [f"{job} is not settled" for job in self._jobs if not job.settled]

    def speed(self) -> list[Figure]:
        """Return how fast the machine was."""
        return speed(self._jobs, self._took_s, self._rest_s)

    async def _drill(self, launched: Launched, database: Database) -> None:
        clients = Clients(self._jobs, self._random, self._spread_s, launched.cloud, database)
        requesting = asyncio.create_task(clients.run())
        killing = asyncio.create_task(self._kill(launched, clients.requested))
        try:
            await asyncio.gather(killing, self._rest(launched, database, requesting))
        finally:
            for task in (requesting, killing):
                task.cancel()
            await asyncio.gather(requesting, killing, return_exceptions=True)
        self._took_s = time.monotonic() - self._start

    async def _rest(self, launched: Launched, database: Database, requesting: "asyncio.Task[None]") -> None:
        said = 0.0

        async def look() -> Look:
            if requesting.done():
                requesting.result()
            return await asyncio.to_thread(self._look, launched, database)

        def tell(text: str) -> None:
            nonlocal said
            if time.monotonic() - said > 5:
                said = time.monotonic()
                crashed = self.supervisor.crashed()
                line = f"{text}; {len(self.supervisor.kills)} kills"
                self._say(f"{line}; crashed: {', '.join(crashed)}" if crashed else line)

        ended_at: list[float] = []
        requesting.add_done_callback(lambda _: ended_at.append(time.monotonic()))
        await come_to_rest(look, tell)
        self._rest_s = time.monotonic() - ended_at[0] if ended_at else 0.0

    def _look(self, launched: Launched, database: Database) -> Look:
        cloud, pending = launched.cloud, database.pending()
        pending["jobs_to_request"] = sum(not job.settled for job in self._jobs)
        for deployment in launched.deployments.values():
            mode = deployment.mode
            pending[f"reports_unfinished_{mode}"] = audit.unfinished(cloud, deployment)
            place = self._folder / f"{deployment.table}.place"
            pending[f"changes_unread_{mode}"] = audit.unread_records(cloud, deployment, place)
            for name, url in deployment.queues.items():
                pending[f"messages_of_{name}_{mode}"] = audit.queue_length(cloud, url)
        with httpx2.Client(trust_env=False, timeout=30) as client:
            pending["inferences"] = sum(int(client.get(url).text) for url in launched.pending_urls)
        done = database.told() + sum(
            job.settled + (job.report_id is not None) + (job.analysis is not None) for job in self._jobs
        )
        return Look(done, pending)

    async def _kill(self, launched: Launched, requested: asyncio.Event) -> None:
        chance = random.Random(self._seed + 1)  # noqa: S311 - a drill's faults
        last: float | None = None
        # Each process in turn, in a new random order each round.
        while True:
            for name in chance.sample(self.supervisor.names, len(self.supervisor.names)):
                await asyncio.sleep(chance.uniform(*PAUSE_S))
                if requested.is_set():
                    last = last or time.monotonic()
                    if time.monotonic() - last > KILLS_AFTER_S:
                        return
                if self.supervisor.has_worked(name):
                    await self._kill_one(launched, name, chance.uniform(*DOWN_S))

    async def _kill_one(self, launched: Launched, name: str, down_s: float) -> None:
        kill = self.supervisor.kill(name)
        self._cut_off_jobs[kill.caller] = set()
        try:
            for mode, deployment in launched.deployments.items():
                if name.endswith(f"-{mode}"):
                    numbers = {job.key: job.number for job in self._jobs}
                    self._cut_off_jobs[kill.caller] = await asyncio.to_thread(
                        audit.in_flight, launched.cloud, deployment, self._folder, kill.caller, numbers
                    )
            await asyncio.sleep(down_s)
        finally:
            self.supervisor.restart(name)

    def _say(self, text: str) -> None:
        say(f"{time.monotonic() - self._start:4.0f} s  {text}")


if __name__ == "__main__":
    main()
