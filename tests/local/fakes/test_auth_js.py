"""Supabase's own client for browsers, under Node, against the issuer."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette

from cli.cdk import node
from local.fakes.identity.app import create_app
from local.fakes.identity.sessions import Sessions
from local.fakes.identity.tokens import load_or_create_key
from local.users import PASSWORD
from web.build import FOLDER, install


@pytest.fixture
def issuer(tmp_path: Path, listen: Callable[[Starlette], str]) -> str:
    """The address of an issuer that refuses a token as soon as two newer ones are issued."""
    key = load_or_create_key(tmp_path / "key.pem")
    return listen(create_app(key, "http://issuer.test", Sessions(reuse_interval_s=0.0))) + "/auth/v1"


def test_supabases_client_signs_in_and_out(issuer: str) -> None:
    install(dev=True)
    script = Path(__file__).with_name("auth_js.mjs").read_text("utf-8")
    done = subprocess.run(
        [str(node()), "--input-type=module", "--eval", script],
        cwd=FOLDER,  # where Node looks for packages
        env={**os.environ, "ISSUER": issuer, "PASSWORD": PASSWORD, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "wrongPassword": "invalid_credentials",
        "signIn": None,
        "email": "demo@vitrine.test",
        "claims": "demo@vitrine.test",
        "refresh": [None, None],
        "rotated": 3,
        "sameUser": True,
        "reuse": "refresh_token_already_used",
        "afterReuse": "refresh_token_not_found",
        "userOfEnded": "AuthSessionMissingError",
        "signOut": None,
        "session": None,
        "afterSignOut": "refresh_token_not_found",
    }
