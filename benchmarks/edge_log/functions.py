"""The function report-ready under Deno, once for each kind of logging, and the receivers of its lines."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.emulated_stores import free_ports, wait_ready
from benchmarks.process_tree import on_cores, split_cores
from local.home import PYTHON, REPOSITORY, Home
from local.supervisor import process_specs, processes
from local.supervisor.configuration import base_env

# No log, the console alone, and lines sent to a receiver that answers, is slow, is away, or never answers.
UNLOGGED, CONSOLE, SENT, SLOW, AWAY, STALLED = "unlogged", "console", "sent", "slow", "away", "stalled"
NAMES = (UNLOGGED, CONSOLE, SENT, SLOW, AWAY, STALLED)
SECRET = "whsec_YmVuY2gtYmVuY2gtYmVuY2gtYmVuY2gtYmVuY2g9"  # signs the events of a run
_AFTER: Mapping[str, tuple[str, ...]] = {SENT: ("--after", "0"), SLOW: ("--after", "1"), STALLED: ()}
_FUNCTIONS = REPOSITORY / "supabase" / "functions"
_PROGRAM = Path(__file__).with_name("function.ts")
_NO_LOG = "export const writer = () => ({});\nexport function log() {}\n"


@dataclass(frozen=True)
class Function:
    """A running function: its port, its process, and the port to which it sends its lines; None without."""

    port: int
    pid: int
    receiver: int | None


@contextmanager
def running(folder: Path) -> Iterator[Mapping[str, Function]]:
    """Run a function of each name until the block ends."""
    home = Home(folder)
    home.create()
    unlogged = folder / "functions"
    shutil.copytree(_FUNCTIONS, unlogged)
    (unlogged / "_shared" / "log.ts").write_text(_NO_LOG, "utf-8")
    server_core, other_cores = split_cores()
    ports = iter(free_ports(len(NAMES) + len(_AFTER) + 1))
    try:
        with on_cores(other_cores):
            receivers = {name: _start_receiver(home, name, next(ports)) for name in _AFTER}
        receivers[AWAY] = next(ports)
        with on_cores(server_core):
            yield {
                name: _start(
                    home, name, next(ports), receivers.get(name), unlogged if name == UNLOGGED else _FUNCTIONS
                )
                for name in NAMES
            }
    finally:
        processes.stop(home)


def _start_receiver(home: Home, name: str, port: int) -> int:
    command = (str(PYTHON), "-m", "benchmarks.edge_log.receiver", "--port", str(port), *_AFTER[name])
    role = f"{name}-receiver"
    process = processes.start(home, role, command, base_env(), home.log(role))
    wait_ready(home, role, f"http://127.0.0.1:{port}/", process)
    return port


def _start(home: Home, name: str, port: int, receiver: int | None, functions: Path) -> Function:
    command = (
        *(str(process_specs.DENO), "run", "--quiet", "--no-prompt", "--frozen"),
        *("--config", str(process_specs.EDGE / "deno.json")),
        *("--allow-net=127.0.0.1", "--allow-env=SB_*,VITRINE_*", f"--allow-read={functions}"),
        *(str(_PROGRAM), str(port), functions.as_uri()),
    )
    given = {**base_env(), **process_specs.DENO_ENV, "VITRINE_WEBHOOK_SECRET": SECRET}
    if receiver is not None:
        url = f"http://127.0.0.1:{receiver}/hooks/logs"
        given |= {"VITRINE_LOGS_URL": url, "VITRINE_LOGS_KEY": "bench" * 8}
    process = processes.start(home, name, command, given, home.log(name))
    wait_ready(home, name, f"http://127.0.0.1:{port}/healthz", process)
    return Function(port, process.pid, receiver)
