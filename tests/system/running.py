"""A running local system, used by tests as its users use it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx2
import jwt
import psutil

from benchmarks.emulated_stores import free_ports, wait_ready
from benchmarks.log_lines import lines_of, offences
from local.home import REPOSITORY, Home
from local.log_files import function_lines
from local.supervisor import process_specs, processes
from local.supervisor.configuration import base_env
from local.supervisor.ports import PREFERRED, variable
from settings.environment import load_environment

# Processes whose every line goes where operators read; of the others, only lines of ours in them do.
_OURS = ("service", "functions", "model", "edge")


# Of a line of the services, and of the gateway's access log.
_LINE, _ACCESS = '{"time":', '{"request_id":'


class System:
    """The whole system, in a home of its own, on free ports; `ports` are variables that configure some."""

    def __init__(self, home: Home, ports: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.ports = dict(ports or {})
        # trust_env off: a proxy of the machine must not stand between the tests and loopback.
        self.client = httpx2.Client(trust_env=False, timeout=60)
        self._tokens: dict[str, str] = {}
        self._outputs: dict[str, str] = {}
        self._written: dict[str, set[str]] = {}
        self._stand_ins: list[subprocess.Popen[bytes]] = []
        # What must be in no log line and in no problem document: secrets, tokens, addresses, parts of photos.
        self.planted: set[str] = set()

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m local …` against this system; return its output and exit status."""
        return subprocess.run(
            [sys.executable, "-m", "local", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, "VITRINE_HOME": str(self.home.root), **self.ports, **environment},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def up(self, *arguments: str, **environment: str) -> str:
        """Bring the system up and return the output of `up`; fail the test when it fails."""
        self.keep_lines()
        if "llm" not in processes.records(self.home):
            self.stand_in_for_llm()
        done = self.command("up", *arguments, **environment)
        assert done.returncode == 0, done.stderr
        self._outputs = {}
        return done.stderr

    def stand_in_for_llm(self) -> None:
        """Let another process answer in place of the language model; `up` takes it for its own."""
        record = processes.records(self.home).get("llm")
        port = record.port if record is not None else free_ports(1)[0]
        self.ports[variable("llm")] = str(port)
        command = (sys.executable, "-m", "tests.system.stand_in_llm", "--port", str(port))
        process = processes.start(self.home, "llm", command, base_env(), self.home.log("llm"))
        self._stand_ins.append(process)
        wait_ready(self.home, "llm", process_specs.health_url("llm", port), process)
        specs = process_specs.background(self.home, {**PREFERRED, "llm": port}, load_environment("local"))
        (fingerprint,) = (spec.fingerprint for spec in specs if spec.name == "llm")
        started = psutil.Process(process.pid).create_time()
        record = processes.ProcessRecord(process.pid, started, port, fingerprint)
        processes.save_records(self.home, {"llm": record})

    def end(self) -> None:
        """Bring the system down; fail the test when that fails."""
        self.client.close()
        self.keep_lines()
        # `down` would wait for a child of this process in vain.
        processes.stop(self.home, "llm")
        done = self.command("down")
        assert done.returncode == 0, done.stderr
        for process in self._stand_ins:
            process.wait(10)

    @property
    def is_up(self) -> bool:
        """Whether any process of the system has been started."""
        return bool(processes.records(self.home))

    @property
    def outputs(self) -> dict[str, str]:
        """The stack outputs, asked for once after each `up`: the command takes half a second."""
        if not self._outputs:
            done = self.command("outputs", "--all")
            assert done.returncode == 0, done.stderr
            self._outputs = json.loads(done.stdout)
        return self._outputs

    @property
    def api_url(self) -> str:
        """The gateway's address."""
        return self.outputs["ApiUrl"]

    @property
    def service_url(self) -> str:
        """The address of the app behind the gateway."""
        return self.address("service")

    @property
    def signing_key(self) -> bytes:
        """The identity issuer's private key, as PEM."""
        return (self.home.data("identity") / "signing-key.pem").read_bytes()

    def address(self, name: str) -> str:
        """Return the address of a process."""
        return f"http://127.0.0.1:{processes.records(self.home)[name].port}"

    def pid(self, name: str) -> int:
        """Return the id of a process."""
        return processes.records(self.home)[name].pid

    def token(self, name: str) -> str:
        """Return an access token of a demo user."""
        if name not in self._tokens:
            done = self.command("token", "--user", name)
            assert done.returncode == 0, done.stderr
            self._tokens[name] = token = done.stdout.strip()
            claims = jwt.decode(token, options={"verify_signature": False})
            # Its header is the same for all tokens.
            self.planted.update((*token.split(".")[1:], claims["email"], claims["sub"]))
        return self._tokens[name]

    def headers(self, name: str) -> dict[str, str]:
        """Return the headers of a demo user's requests."""
        return {"Authorization": f"Bearer {self.token(name)}"}

    def analyze(self, photo: Path, name: str = "demo", url: str | None = None) -> httpx2.Response:
        """Post one photo, through the gateway or to `url`."""
        return self.client.post(
            f"{url or self.api_url}/analyze",
            headers=self.headers(name),
            files={"images": (photo.name, photo.read_bytes(), "image/jpeg")},
        )

    def keep_lines(self) -> None:
        """Remember what has been written: a process that starts again empties its log."""
        self._written.setdefault("functions", set()).update(function_lines(self.home))
        for log in self.home.log("any").parent.glob("*.log"):
            self._written.setdefault(log.stem, set()).update(lines_of(log))

    def writers(self) -> set[str]:
        """Return whose lines are known: the names of services and functions."""
        self.keep_lines()
        lines = (line for written in self._written.values() for line in written if line.startswith(_LINE))
        return {json.loads(line)["service"] for line in lines}

    def wrong_lines(self) -> list[str]:
        """Return the lines that the schema of log lines does not allow, and those that hold what is planted.

        All lines of the service count, and those that functions, the model server and Edge Functions wrote
        into the logs of the processes that run them.
        """
        self.keep_lines()
        found: list[str] = []
        planted = self.planted | self._secrets()
        for name, written in self._written.items():
            lines = {line for line in written if name == "service" or line.startswith(_LINE)}
            found += [f"{name}: {wrong}" for wrong in offences(lines)]
            access = {line for line in written if line.startswith(_ACCESS)}
            emitted = written if name in _OURS else lines | access
            found += [f"{name}: {line[:300]}" for line in emitted for text in planted if text in line]
        return found

    def _secrets(self) -> set[str]:
        files = [self.home.data(name) for name in ("vitrine", "local")]
        keys = [file for folder in files if folder.is_dir() for file in folder.rglob("*") if file.is_file()]
        signing = self.home.data("identity") / "signing-key.pem"
        lines = signing.read_text().splitlines()[1:-1] if signing.is_file() else []
        return {*(key.read_text("utf-8").strip() for key in keys), *lines} - {""}

    def stop(self, name: str) -> None:
        """Stop a process, as a crash would."""
        assert processes.stop(self.home, name) == [name]

    def start(self, name: str) -> None:
        """Start a stopped process again with `up`; the others stay as they are."""
        assert f"{name:<18} " in self.up()
