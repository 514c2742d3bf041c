"""`python -m benchmarks.drill`: thousands of jobs while processes are killed at random.

Every report must end exactly once, with one call of the LLM, one webhook and no dead letter.
"""

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import NoReturn

from benchmarks.drill import audit
from benchmarks.drill.clients import Clients, Job
from benchmarks.drill.deployment import Cloud, Deployment, Mode
from benchmarks.drill.drill_jobs import most_jobs
from benchmarks.drill.fakes import entries
from benchmarks.drill.figures import figures, table
from benchmarks.drill.launch import launch_both
from benchmarks.drill.supervisor import Supervisor
from benchmarks.figures import Figure, say, show
from local.home import Home
from local.supervisor import processes

# Of the whole time: for start and count, and for the last jobs to end after the last kill.
AROUND_S, TAIL_S = 35, 75
# Seconds between kills, seconds until a restart, and seconds of kills after the last request.
PAUSE_S, DOWN_S, KILLS_AFTER_S = (1.0, 4.0), (0.0, 1.5), 10
USERS = 12


def main() -> None:
    """Run the drill, print its figures, and exit with 1 when one is short of its goal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2000, help="how many reports (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: %(default)s)")
    parser.add_argument(
        "--minutes", type=float, default=5, help="for the whole run, at most (default: %(default)s)"
    )
    options = parser.parse_args()
    if not 1 <= options.jobs <= most_jobs() or options.minutes < 2:
        parser.error(f"--jobs is 1 to {most_jobs()}, --minutes at least 2")
    signal.signal(signal.SIGTERM, _interrupt)
    home = Home(Path(tempfile.mkdtemp(prefix="vitrine-drill-")))
    home.create()
    drill = Drill(home, options.jobs, options.seed, options.minutes * 60)
    short = False
    try:
        measured = drill.run()
        short = not all(figure.met for figure in measured)
    except KeyboardInterrupt:
        sys.exit("stopped")
    finally:
        processes.stop(home)
        if short:
            say(f"logs and journals are in {home.root}")
        else:
            shutil.rmtree(home.root, ignore_errors=True)
    print(*table(drill.supervisor.names, drill.supervisor.kills), sep="\n")  # noqa: T201
    show(measured)
    sys.exit(short)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


class Drill:
    """One run: its processes, its deployments (one per endpoint mode), its jobs."""

    def __init__(self, home: Home, jobs: int, seed: int, within_s: float) -> None:
        self.supervisor = Supervisor(home)
        self._folder = home.data("drill")
        self._folder.mkdir(parents=True)
        self._count = jobs
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - a drill's faults
        self._start = time.monotonic()
        self._within_s = within_s
        self._jobs: list[Job] = []
        self._cut_off_jobs: dict[str, set[int]] = {}

    def run(self) -> list[Figure]:
        """Start all processes, request reports while killing, wait for the last, and count."""
        self._say("starting")
        cloud, by_mode = launch_both(self.supervisor, self._folder, self._count, self._seed)
        deployments = list(by_mode.values())
        self._jobs = [
            Job(number, deployments[number % len(deployments)], f"seller{self._random.randrange(USERS)}")
            for number in range(self._count)
        ]
        asyncio.run(self._drill(cloud, by_mode))
        self._say("counting")
        took_s = time.monotonic() - self._start
        return figures(cloud, deployments, self._jobs, self._cut_off_jobs, self._folder, took_s)

    async def _drill(self, cloud: Cloud, deployments: Mapping[Mode, Deployment]) -> None:
        within_s = max(10.0, self._within_s - AROUND_S - TAIL_S)
        requesting = asyncio.create_task(Clients(self._jobs, self._random, within_s).run())
        killing = asyncio.create_task(self._kill(cloud, deployments))
        reporting = asyncio.create_task(self._report_progress())
        try:
            deadline = self._start + self._within_s - 10
            async with asyncio.timeout(max(1.0, deadline - time.monotonic())):
                await requesting
                await asyncio.sleep(KILLS_AFTER_S)
                killing.cancel()
                await asyncio.gather(killing, return_exceptions=True)
                await self._all_applied()
                await asyncio.sleep(5)  # for late duplicates
        except TimeoutError:
            self._say("out of time")
        finally:
            for task in (requesting, killing, reporting):
                task.cancel()
            await asyncio.gather(requesting, killing, reporting, return_exceptions=True)

    async def _all_applied(self) -> None:
        while self._applied() < sum(job.erased_at is None for job in self._jobs):  # noqa: ASYNC110 - a file's
            await asyncio.sleep(1)

    async def _kill(self, cloud: Cloud, deployments: Mapping[Mode, Deployment]) -> None:
        chance = random.Random(self._seed + 1)  # noqa: S311 - a drill's faults
        # Each process in turn, in a new random order each round.
        while True:
            for name in chance.sample(self.supervisor.names, len(self.supervisor.names)):
                await asyncio.sleep(chance.uniform(*PAUSE_S))
                kill = self.supervisor.kill(name)
                self._cut_off_jobs[kill.caller] = set()
                try:
                    for mode, deployment in deployments.items():
                        if name.endswith(f"-{mode}"):
                            self._cut_off_jobs[kill.caller] = await asyncio.to_thread(
                                audit.in_flight, cloud, deployment, self._folder, kill.caller
                            )
                    await asyncio.sleep(chance.uniform(*DOWN_S))
                finally:
                    self.supervisor.restart(name)

    async def _report_progress(self) -> None:
        while True:
            await asyncio.sleep(5)
            accepted = sum(job.report_id is not None for job in self._jobs)
            kills, crashed = len(self.supervisor.kills), self.supervisor.crashed()
            line = f"{accepted} accepted, {self._applied()} webhooks applied, {kills} kills"
            self._say(f"{line}; crashed: {', '.join(crashed)}" if crashed else line)

    def _applied(self) -> int:
        # Reports that are erased after their webhook do not count.
        erased = {job.report_id for job in self._jobs if job.erased_at is not None}
        applied = {entry["report"] for entry in entries(self._folder / "applied.jsonl")}
        return len(applied - erased)

    def _say(self, text: str) -> None:
        say(f"{time.monotonic() - self._start:4.0f} s  {text}")


if __name__ == "__main__":
    main()
