"""`python -m benchmarks.drill_logs`: 200,000 log events while receivers and writers are killed at random.

Each accepted event must be in the log group once, or counted by the reason why not; no personal datum of an
event may be kept anywhere. The drill judges once everything has come to rest.
"""

import argparse
import asyncio
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from benchmarks.drill import audit as stores
from benchmarks.drill.figures import table, wrong_lines
from benchmarks.drill.rest import Look, Stuck, come_to_rest
from benchmarks.drill.supervisor import Supervisor
from benchmarks.drill_logs.audit import Verdict, judge
from benchmarks.drill_logs.figures import figures, speed
from benchmarks.drill_logs.launch import MEMORY_MB, Launched, launch
from benchmarks.drill_logs.plan import draw_plan
from benchmarks.drill_logs.record import read
from benchmarks.drill_logs.senders import Senders
from benchmarks.figures import FIGURES, Figure, keep, say, show
from local.home import Home

EVENTS = 200_000
# Seconds between kills, and until a restart.
PAUSE_S, DOWN_S = (1.0, 4.0), (0.0, 1.0)
# Of each kind.
MOST_FAULTS_SHOWN = 10
SAID_EVERY_S = 5.0


def main() -> None:
    """Run the drill, print verdict and speed; exit with 1 for a fault, with 2 when it cannot be judged."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill_logs", description=__doc__)
    parser.add_argument(
        "--events", type=int, default=EVENTS, help="in ordinary batches (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: %(default)s)")
    parser.add_argument(
        "--minutes", type=float, default=4.0, help="over which the batches are spread (default: %(default)s)"
    )
    options = parser.parse_args()
    if options.events < 1 or options.minutes <= 0:
        parser.error("--events is at least 1, --minutes more than 0")
    signal.signal(signal.SIGTERM, _interrupt)
    home = Home(Path(tempfile.mkdtemp(prefix="vitrine-drill-logs-")))
    home.create()
    drill = Drill(home, options.events, options.seed, options.minutes * 60)
    status = 2
    try:
        verdict, measured = drill.run()
        status = 0 if all(figure.met for figure in measured) else 1
    except Stuck as stuck:
        say(
            "\n".join(
                [f"not judged: {stuck}", *(f"{name} ended by itself" for name in drill.supervisor.crashed())]
            )
        )
    except KeyboardInterrupt:
        sys.exit("stopped")
    finally:
        drill.supervisor.stop()
        if status:
            say(f"logs and journals are in {home.root}")
        else:
            shutil.rmtree(home.root, ignore_errors=True)
    if status != 2:
        faults = verdict.faults(MOST_FAULTS_SHOWN)
        print(*table(drill.supervisor.names, drill.supervisor.kills), *faults, sep="\n")  # noqa: T201
        show(measured)
        show(drill.speed)
        if options.events == EVENTS:
            detail = {"seed": options.seed, "minutes": options.minutes, "load": os.getloadavg()[1]}
            keep(FIGURES / "drill-logs.json", [*measured, *drill.speed], detail)
    sys.exit(status)


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


class Drill:
    """One run: its processes, its batches, its senders."""

    def __init__(self, home: Home, events: int, seed: int, spread_s: float) -> None:
        self.supervisor = Supervisor(home)
        self.speed: list[Figure] = []
        self._folder = home.data("drill")
        self._folder.mkdir(parents=True)
        self._logs = home.log("any").parent
        self._events = events
        self._seed = seed
        self._spread_s = spread_s
        self._start = time.monotonic()

    def run(self) -> tuple[Verdict, list[Figure]]:
        """Draw the batches, post them while killing, come to rest, and judge; raises Stuck."""
        self._say("starting")
        launched = launch(self.supervisor, self._folder, self._seed)
        self._say("drawing the batches")
        plan = draw_plan(
            self._events, self._seed, int(time.time() * 1000), self._folder / "batches", launched.key
        )
        senders = Senders(plan.batches, launched.receivers, self._spread_s, self._seed)
        began = time.monotonic()
        rest_s = asyncio.run(self._drill(launched, senders))
        self.speed = speed(senders.sent, time.monotonic() - began, rest_s)
        self._say("judging")
        kills = self.supervisor.kills
        record = read(launched, plan.expected, senders.sent, self._folder, self._logs)
        receivers_killed = sum(kill.name.startswith("receiver") for kill in kills)
        verdict = judge(record, launched.key, receivers_killed)
        verdict.wrong_lines += wrong_lines(self._logs)
        return verdict, figures(record, verdict, kills, MEMORY_MB)

    async def _drill(self, launched: Launched, senders: Senders) -> float:
        """Return the seconds from the last answer until everything was at rest."""
        sending, killing = asyncio.create_task(senders.run()), asyncio.create_task(self._kill(senders))
        ended_at: list[float] = []
        sending.add_done_callback(lambda _: ended_at.append(time.monotonic()))
        said = 0.0

        async def look() -> Look:
            for task in (sending, killing):
                if task.done():
                    task.result()
            waiting = await asyncio.to_thread(stores.queue_length, launched.cloud, launched.queue)
            return Look(len(senders.sent), {"batches_to_post": senders.left, "messages": waiting})

        def tell(text: str) -> None:
            nonlocal said
            if time.monotonic() - said > SAID_EVERY_S:
                said, crashed = time.monotonic(), self.supervisor.crashed()
                line = f"{text}; {len(self.supervisor.kills)} kills"
                self._say(f"{line}; crashed: {', '.join(crashed)}" if crashed else line)

        try:
            await come_to_rest(look, tell)
        finally:
            for task in (sending, killing):
                task.cancel()
            await asyncio.gather(sending, killing, return_exceptions=True)
        return time.monotonic() - ended_at[0]

    async def _kill(self, senders: Senders) -> None:
        """Kill each instance in turn, in a new random order each round, until all batches are posted."""
        chance = random.Random(self._seed + 1)  # noqa: S311 - a drill's faults
        while True:
            for name in chance.sample(self.supervisor.names, len(self.supervisor.names)):
                await asyncio.sleep(chance.uniform(*PAUSE_S))
                if not senders.left:
                    return
                if self.supervisor.has_worked(name):
                    await self._kill_one(name, chance.uniform(*DOWN_S))

    async def _kill_one(self, name: str, down_s: float) -> None:
        self.supervisor.kill(name)
        try:
            await asyncio.sleep(down_s)
        finally:
            self.supervisor.restart(name)

    def _say(self, text: str) -> None:
        say(f"{time.monotonic() - self._start:4.0f} s  {text}")


if __name__ == "__main__":
    main()
