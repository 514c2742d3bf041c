"""`python -m benchmarks.contract_fuzz`: schemathesis over docs/openapi.json against the running service.

The service runs over emulated stores, a fake model and a fake LLM, with its own issuer of tokens. All checks
of schemathesis count; the exit status is 1 if one fails.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.local_service import start_backends, start_service
from local.demo.command import sign_in
from local.home import PYTHON, REPOSITORY, Home
from local.supervisor import processes
from local.supervisor.configuration import base_env
from settings.environment import load_environment

DOCUMENT = REPOSITORY / "docs" / "openapi.json"
USER = "fuzz"
_CASES = re.compile(r"^\s*(\d+) generated", re.MULTILINE)


def main() -> int:
    """Run schemathesis; return 1 if a check fails or fewer cases than --at-least were generated."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contract_fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="for each operation (default: %(default)s)")
    parser.add_argument("--at-least", type=int, default=2000, help="cases in all (default: %(default)s)")
    parser.add_argument("--seed", type=int, help="repeat the run with this seed")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="vitrine-contract-") as folder,
        running(Path(folder)) as (url, token),
    ):
        command = [
            *(str(PYTHON.with_name("schemathesis")), "run", str(DOCUMENT), "--url", url),
            *("--header", f"Authorization: Bearer {token}", "--checks", "all", "--continue-on-failure"),
            *("--max-examples", str(options.examples), "--generation-database", "none", "--no-color"),
            *(("--seed", str(options.seed)) if options.seed is not None else ()),
        ]
        environment = {
            **base_env(),
            "SCHEMATHESIS_HOOKS": "benchmarks.contract_hooks",
            "PYTHONPATH": str(REPOSITORY),
            "CONTRACT_URL": url,
            "CONTRACT_TOKEN": token,
        }
        done = subprocess.run(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
        sys.stdout.write(done.stdout)
    cases = int(found[1]) if (found := _CASES.search(done.stdout)) else 0
    if cases < options.at_least:
        sys.stdout.write(f"{cases} cases, fewer than {options.at_least}\n")
    return 0 if done.returncode == 0 and cases >= options.at_least else 1


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, str]]:
    """Run the service and what it needs until the block ends; yield its address and an access token."""
    home = Home(folder)
    home.create()
    try:
        yield _start(home)
    finally:
        processes.stop(home)


def _start(home: Home) -> tuple[str, str]:
    environment = load_environment("local")
    backends = start_backends(home, environment)
    service = start_service(home, backends.service_spec(environment))
    return f"http://127.0.0.1:{service.port}", sign_in(backends.issuer, "fuzz", USER)


if __name__ == "__main__":
    sys.exit(main())
