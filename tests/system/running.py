"""A running local system, used by tests as its users use it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2

from local.home import REPOSITORY, Home
from local.supervisor import processes


class System:
    """The whole system, in a home of its own, on free ports."""

    def __init__(self, home: Home) -> None:
        self.home = home
        # trust_env off: a proxy of the machine must not stand between the tests and loopback.
        self.client = httpx2.Client(trust_env=False, timeout=60)
        self._tokens: dict[str, str] = {}

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m local …` against this system; return its output and exit status."""
        return subprocess.run(
            [sys.executable, "-m", "local", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, "VITRINE_HOME": str(self.home.root), **environment},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def up(self, *arguments: str, **environment: str) -> str:
        """Bring the system up and return the output of `up`; fail the test when it fails."""
        done = self.command("up", *arguments, **environment)
        assert done.returncode == 0, done.stderr
        return done.stderr

    @property
    def is_up(self) -> bool:
        """Whether any process of the system has been started."""
        return bool(processes.records(self.home))

    @property
    def outputs(self) -> dict[str, str]:
        """The stack outputs."""
        done = self.command("outputs", "--all")
        assert done.returncode == 0, done.stderr
        outputs: dict[str, str] = json.loads(done.stdout)
        return outputs

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
            self._tokens[name] = done.stdout.strip()
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

    def stop(self, name: str) -> None:
        """Stop a process, as a crash would."""
        assert processes.stop(self.home, name) == [name]

    def start(self, name: str) -> None:
        """Start a stopped process again with `up`; the others stay as they are."""
        assert f"{name:<18} " in self.up()
