"""`python -m benchmarks.drill`: thousands of jobs, while processes are killed at random."""

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

from benchmarks.drill import audit, verdict
from benchmarks.drill.clients import Clients, Job
from benchmarks.drill.drill_jobs import most
from benchmarks.drill.fleet import Fleet
from benchmarks.drill.journal import entries
from benchmarks.drill.scene import opened
from benchmarks.drill.world import Cloud, Mode, World
from benchmarks.figures import Figure
from local.home import Home
from local.supervisor import processes

# Of the whole time: to start and to count in the end, and for the last jobs to end once nobody is killed.
AROUND_S, TAIL_S = 35, 75
# Between two kills, and until the killed process is back, in seconds; kills go on after the last order.
PAUSE_S, AWAY_S, KILLS_AFTER_S = (1.0, 4.0), (0.0, 1.5), 10


def main() -> None:
    """Run the drill, print its figures, and exit with 1 when one is short of its goal."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2000, help="how many reports (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: %(default)s)")
    parser.add_argument(
        "--minutes", type=float, default=5, help="for everything, at most (default: %(default)s)"
    )
    options = parser.parse_args()
    if not 1 <= options.jobs <= most() or options.minutes < 2:
        parser.error(f"--jobs is 1 to {most()}, --minutes at least 2")
    signal.signal(signal.SIGTERM, _interrupt)
    home = Home(Path(tempfile.mkdtemp(prefix="vitrine-drill-")))
    home.create()
    drill = Drill(home, options.jobs, options.seed, options.minutes * 60)
    short = False
    try:
        figures = drill.run()
        short = not all(figure.met for figure in figures)
    except KeyboardInterrupt:
        sys.exit("stopped")
    finally:
        processes.stop(home)
        if short:
            print(f"logs and journals are in {home.root}", file=sys.stderr)  # noqa: T201
        else:
            shutil.rmtree(home.root, ignore_errors=True)
    print(*verdict.table(drill.fleet.names, drill.fleet.kills), sep="\n")  # noqa: T201
    print(*(figure.line() for figure in figures), sep="\n")  # noqa: T201
    sys.exit(short)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


class Drill:
    """One run: its processes, its worlds (one for each endpoint mode), its jobs."""

    def __init__(self, home: Home, jobs: int, seed: int, within_s: float) -> None:
        self.fleet = Fleet(home)
        self._folder = home.data("drill")
        self._folder.mkdir(parents=True)
        self._count = jobs
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311 - a drill's faults
        self._start = time.monotonic()
        self._within_s = within_s
        self._jobs: list[Job] = []
        self._over: dict[str, set[int]] = {}

    def run(self) -> list[Figure]:
        """Start, order and kill, wait for the last, and count."""
        self._say("starting")
        cloud, by_mode = opened(self.fleet, self._folder, self._count, self._seed)
        worlds = list(by_mode.values())
        order = [worlds[number % len(worlds)] for number in range(self._count)]
        self._jobs = [
            Job(number, world, f"seller{self._chance.randrange(12)}") for number, world in enumerate(order)
        ]
        asyncio.run(self._drill(cloud, by_mode))
        self._say("counting")
        took_s = time.monotonic() - self._start
        return verdict.figures(cloud, worlds, self._jobs, self._over, self._folder, took_s)

    async def _drill(self, cloud: Cloud, worlds: Mapping[Mode, World]) -> None:
        within_s = max(10.0, self._within_s - AROUND_S - TAIL_S)
        ordering = asyncio.create_task(Clients(self._jobs, self._chance, within_s).run())
        killing = asyncio.create_task(self._kill(cloud, worlds))
        telling = asyncio.create_task(self._tell())
        try:
            deadline = self._start + self._within_s - 10
            async with asyncio.timeout(max(1.0, deadline - time.monotonic())):
                await ordering
                await asyncio.sleep(KILLS_AFTER_S)
                killing.cancel()
                await asyncio.gather(killing, return_exceptions=True)
                await self._all_told()
                await asyncio.sleep(5)  # for what comes twice
        except TimeoutError:
            self._say("out of time")
        finally:
            for task in (ordering, killing, telling):
                task.cancel()
            await asyncio.gather(ordering, killing, telling, return_exceptions=True)

    async def _all_told(self) -> None:
        while self._applied() < sum(job.erased_at is None for job in self._jobs):  # noqa: ASYNC110 - a file's
            await asyncio.sleep(1)

    async def _kill(self, cloud: Cloud, worlds: Mapping[Mode, World]) -> None:
        chance = random.Random(self._seed + 1)  # noqa: S311 - a drill's faults
        # Everyone in turn, in an order that chance makes anew each time.
        while True:
            for name in chance.sample(self.fleet.names, len(self.fleet.names)):
                await asyncio.sleep(chance.uniform(*PAUSE_S))
                kill = self.fleet.kill(name)
                self._over[kill.caller] = set()
                try:
                    for mode, world in worlds.items():
                        if name.endswith(f"-{mode}"):
                            self._over[kill.caller] = await asyncio.to_thread(
                                audit.in_flight, cloud, world, self._folder, kill.caller
                            )
                    await asyncio.sleep(chance.uniform(*AWAY_S))
                finally:
                    self.fleet.revive(name)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(5)
            ordered = sum(job.report_id is not None for job in self._jobs)
            kills, fallen = len(self.fleet.kills), self.fleet.fallen()
            said = f"{ordered} accepted, {self._applied()} told of, {kills} kills"
            self._say(f"{said}; fell by itself: {', '.join(fallen)}" if fallen else said)

    def _applied(self) -> int:
        # Those that were erased after they had been told of do not count.
        erased = {job.report_id for job in self._jobs if job.erased_at is not None}
        told = {entry["report"] for entry in entries(self._folder / "applied.jsonl")}
        return len(told - erased)

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._start:4.0f} s  {text}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
