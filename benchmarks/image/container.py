"""Runs an image's root as a container does: read-only, unprivileged, as the first process.

The caller runs in a network namespace, so that the image's own entry point can listen on its own port.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from statistics import median
from typing import Any

import psutil

PORT = 8080
READY_WITHIN_S = 120
# Stricter than a container: /dev/shm is not writable either.
ENTER = """
set -eu
root=$1 user=$2 folder=$3
shift 3
mount --bind "$root" "$root"
{mounts}mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs none "$root/dev"
for device in null zero random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount -o remount,ro "$root/dev"
exec chroot --userspec="$user" --groups= "$root" /usr/bin/env -C "$folder" "$@"
"""
MOUNT = """mkdir -p "$root"{target}
mount --bind {source} "$root"{target}
mount -o remount,bind,ro "$root"{target}
"""
SCRATCH = """mount -t tmpfs -o mode=1777 none "$root"{target}
"""
# Runs inside the container, by the image's own Python.
INSPECT = r"""
import errno, importlib.util, json, os, platform, shutil
writable, setuid = [], []
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) != "/proc"]
    try:
        os.close(os.open(os.path.join(folder, "probe"), os.O_CREAT | os.O_WRONLY))
        writable.append(folder)
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES):
            raise
    for name in files:
        path = os.path.join(folder, name)
        if not os.path.islink(path) and os.stat(path).st_mode & 0o6000:
            setuid.append(path)
tools = [name for name in ("pip", "pip3", "uv", "gcc", "cc", "c++", "ld", "make") if shutil.which(name)]
tools += [name for name in ("pip", "ensurepip", "uv") if importlib.util.find_spec(name)]
found = {"python": platform.python_version(), "writable": writable, "setuid": setuid, "tools": tools}
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Container:
    """An image's root and configuration, and the options to run it with.

    `command` follows the entry point; `health` is the path that answers 200 once it is ready; `variables` are
    added to its own; `mounts` are read-only folders by their path inside; `scratch` are writable paths.
    """

    root: Path
    config: Mapping[str, Any]
    health: str
    variables: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    mounts: Mapping[str, Path] = field(default_factory=dict)
    scratch: tuple[str, ...] = ()

    def start(self, command: list[str], **streams: Any) -> subprocess.Popen[bytes]:
        """Start a command in the root, as the image's user."""
        inside = (str(self.root), self.config["User"], self.config["WorkingDir"], *command)
        variables = dict(variable.split("=", 1) for variable in self.config["Env"])
        apart = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
        mounts = "".join(
            MOUNT.format(source=quote(str(source)), target=quote(target))
            for target, source in self.mounts.items()
        ) + "".join(SCRATCH.format(target=quote(target)) for target in self.scratch)
        return subprocess.Popen(
            [*apart, "sh", "-c", ENTER.format(mounts=mounts), "enter", *inside],
            env={**variables, **self.variables},
            stdin=subprocess.DEVNULL,
            **streams,
        )

    @contextmanager
    def started(self, **streams: Any) -> Iterator[subprocess.Popen[bytes]]:
        """Run the image's entry point until the block ends; yield at once, before it is ready."""
        process = self.start(
            [*self.config["Entrypoint"], *self.command], **(streams or {"stdout": sys.stderr})
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                end(psutil.Process(process.pid).children())
            process.wait()

    @contextmanager
    def serving(self) -> Iterator[tuple[psutil.Process, float]]:
        """Run the entry point until the block ends; yield its process and the seconds until it was ready."""
        begun = time.monotonic()
        with self.started() as process:
            while not self.answers():
                if process.poll() is not None or time.monotonic() > begun + READY_WITHIN_S:
                    sys.exit("The container does not get ready.")
                time.sleep(0.01)
            yield psutil.Process(process.pid).children()[0], time.monotonic() - begun

    def answers(self) -> bool:
        """Whether the health path answers 200."""
        try:
            with socket.create_connection(("127.0.0.1", PORT), timeout=5) as connection:
                asked = f"GET {self.health} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
                connection.sendall(asked.encode())
                return connection.recv(12).endswith(b" 200")
        except OSError:
            return False

    def inspect(self) -> dict[str, Any]:
        """Return Python's version, the writable folders, setuid programs, installers and compilers inside."""
        with self.start(["python", "-c", INSPECT], stdout=subprocess.PIPE) as inspecting:
            found: dict[str, Any] = json.loads(inspecting.communicate()[0])
        return found

    def check_health(self) -> int:
        """Return the exit code of the image's health check."""
        return self.start(self.config["Healthcheck"]["Test"][1:], stdout=sys.stderr).wait()


def observe(container: Container, starts: int, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Start the container `starts` times and once more to send requests by `ask`, inspect it and stop it."""
    taken = []
    for _ in range(starts):
        with container.serving() as (_, start_s):
            taken.append(start_s)
    with container.serving() as (process, start_s):
        taken.append(start_s)
        asked = ask()
        health_check = container.check_health()
        user = _user(process)
        rss_mb = round(process.memory_info().rss / 1e6, 1)
        begun = time.monotonic()
        end([process])
        stop_s = time.monotonic() - begun
    return {
        # The first start reads the files from the disk.
        "start_s": {"first": round(taken[0], 2), "p50": round(median(taken[1:]), 2)},
        "stop_s": round(stop_s, 2),
        "health_check": health_check,
        "user": user,
        "rss_mb": rss_mb,
        **asked,
        **container.inspect(),
    }


def end(processes: list[psutil.Process]) -> None:
    """Terminate the processes; kill those that do not end."""
    for process in processes:
        process.terminate()
    for process in psutil.wait_procs(processes, timeout=READY_WITHIN_S)[1]:
        process.kill()


def bring_up_loopback() -> None:
    """Give the network namespace the address 127.0.0.1, and no other."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def _user(process: psutil.Process) -> dict[str, int]:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    return {
        "uid": process.uids().real,
        "gid": process.gids().real,
        "groups": len(status["Groups"].split()),
        "capabilities": int(status["CapEff"], 16),
    }
