import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from cli.cdk import node
from local.fakes.identity.app import create_app
from local.fakes.identity.sessions import Sessions
from local.fakes.identity.tokens import load_or_create_key
from local.users import PASSWORD
from tests.listening import listening


@pytest.fixture
def listen() -> Iterator[Callable[[Starlette], str]]:
    """Put an app on a free port until the test ends, and return its address."""
    with ExitStack() as running:
        yield lambda app: running.enter_context(listening(app))


@pytest.fixture
def issuer(tmp_path: Path, listen: Callable[[Starlette], str]) -> str:
    """The address of an issuer that refuses a token as soon as two newer ones are issued."""
    key = load_or_create_key(tmp_path / "key.pem")
    return listen(create_app(key, "http://issuer.test", Sessions(reuse_interval_s=0.0)))


def said_by_node(issuer: str, *arguments: str, folder: Path, **environment: str) -> Any:
    """Run a script by Node against the issuer, and return the JSON that it prints."""
    done = subprocess.run(
        [str(node()), *arguments],
        cwd=folder,
        env={**os.environ, "ISSUER": issuer, "PASSWORD": PASSWORD, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
