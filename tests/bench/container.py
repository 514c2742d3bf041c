"""Run an image's root as Fargate runs it: read-only, unprivileged, first process; standard output gets JSON.

For tests.bench.image, which gives it a network of its own: so the entry point can be the image's.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import psutil
from PIL import Image

from tests.services.analyze.process import Model, settings, stores, token

PORT = 8080
STARTS = 5
PATIENCE_S = 60
# What a container has, and less: not even /dev/shm can be written.
ENTER = """
set -eu
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount -t proc proc "$1/proc"
mount -t tmpfs none "$1/dev"
for device in null zero random urandom; do
    touch "$1/dev/$device"
    mount --bind "/dev/$device" "$1/dev/$device"
done
mount -o remount,ro "$1/dev"
root=$1 user=$2 folder=$3
shift 3
exec chroot --userspec="$user" --groups= "$root" /usr/bin/env -C "$folder" "$@"
"""
# Run inside, by the image's own Python.
LOOK = r"""
import errno, importlib.util, json, os, platform, shutil
writable, lenders = [], []
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
            lenders.append(path)
tools = [name for name in ("pip", "pip3", "uv", "gcc", "cc", "c++", "ld", "make") if shutil.which(name)]
tools += [name for name in ("pip", "ensurepip", "uv") if importlib.util.find_spec(name)]
found = {"python": platform.python_version(), "writable": writable, "lenders": lenders, "tools": tools}
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Container:
    """An image's root and configuration, and the variables to run it with."""

    root: Path
    config: Mapping[str, Any]
    given: Mapping[str, str]

    def start(self, command: list[str], **streams: Any) -> subprocess.Popen[bytes]:
        """Run a command in the root, as the image's user."""
        inside = (str(self.root), self.config["User"], self.config["WorkingDir"], *command)
        variables = dict(variable.split("=", 1) for variable in self.config["Env"])
        apart = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
        return subprocess.Popen(
            [*apart, "sh", "-c", ENTER, "enter", *inside],
            env={**variables, **self.given},
            stdin=subprocess.DEVNULL,
            **streams,
        )

    @contextmanager
    def serving(self) -> Iterator[tuple[psutil.Process, float]]:
        """The service's process once it answers, and the seconds that took; ended with the block."""
        begun = time.monotonic()
        started = self.start(self.config["Entrypoint"], stdout=sys.stderr)
        try:
            while not _answers():
                if time.monotonic() > begun + PATIENCE_S:
                    sys.exit("The container does not get ready.")
                time.sleep(0.01)
            yield psutil.Process(started.pid).children()[0], time.monotonic() - begun
        finally:
            _end(psutil.Process(started.pid).children())
            started.wait()

    def look(self) -> dict[str, Any]:
        """What a process inside finds to write to, and to call."""
        with self.start(["python", "-c", LOOK], stdout=subprocess.PIPE) as looking:
            found: dict[str, Any] = json.loads(looking.communicate()[0])
        return found

    def check_health(self) -> int:
        """The exit code of the image's own health check."""
        return self.start(self.config["Healthcheck"]["Test"][1:], stdout=sys.stderr).wait()


def main() -> None:
    """Start the root that is named several times, post photos, look around in it, and stop it."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    root, config = Path(sys.argv[1]), json.load(sys.stdin)
    with stores() as stores_port, Model().serving() as model:
        model.open.set()
        container = Container(root, config, settings(stores_port, model.port))
        print(json.dumps(_observe(container)))  # noqa: T201


def _observe(container: Container) -> dict[str, Any]:
    starts = []
    for _ in range(STARTS):
        with container.serving() as (_, start_s):
            starts.append(start_s)
    with container.serving() as (process, start_s):
        starts.append(start_s)
        answered = sum(_post(kind) == 200 for kind in ("JPEG", "PNG"))
        health_check = container.check_health()
        user = _user(process)
        rss_mb = round(process.memory_info().rss / 1e6, 1)
        begun = time.monotonic()
        _end([process])
        stop_s = time.monotonic() - begun
    return {
        # The first one reads the files from the disk.
        "start_s": {"first": round(starts[0], 2), "p50": round(median(starts[1:]), 2)},
        "stop_s": round(stop_s, 2),
        "photos_answered": answered,
        "health_check": health_check,
        "user": user,
        "rss_mb_after_photos": rss_mb,
        **container.look(),
    }


def _answers() -> bool:
    try:
        with socket.create_connection(("127.0.0.1", PORT), timeout=5) as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            return connection.recv(12).endswith(b" 200")
    except OSError:
        return False


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        process.terminate()
    for process in psutil.wait_procs(processes, timeout=PATIENCE_S)[1]:
        process.kill()


def _post(kind: str) -> int:
    photo = BytesIO()
    Image.effect_noise((1200, 900), 40).convert("RGB").save(photo, kind)
    with httpx2.Client(trust_env=False, timeout=30) as client:
        return client.post(
            f"http://127.0.0.1:{PORT}/analyze",
            headers={"Authorization": f"Bearer {token('ana')}"},
            files={"images": photo.getvalue()},
        ).status_code


def _user(process: psutil.Process) -> dict[str, int]:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process.pid}/status").read_text().splitlines())
    return {
        "uid": process.uids().real,
        "gid": process.gids().real,
        "groups": len(status["Groups"].split()),
        "capabilities": int(status["CapEff"], 16),
    }


if __name__ == "__main__":
    main()
