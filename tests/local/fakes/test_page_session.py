"""The page's own session, under Node, against the issuer that test_auth_js.py holds to Supabase's client."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette

from cli.cdk import node
from local.fakes.identity.app import create_app
from local.fakes.identity.sessions import Sessions
from local.fakes.identity.tokens import load_or_create_key
from local.home import REPOSITORY
from local.users import PASSWORD

SESSION = REPOSITORY / "web" / "src" / "auth" / "session.ts"


def test_page_signs_in_renews_and_out(tmp_path: Path, listen: Callable[[Starlette], str]) -> None:
    key = load_or_create_key(tmp_path / "key.pem")
    issuer = listen(create_app(key, "http://issuer.test", Sessions(reuse_interval_s=0.0)))
    done = subprocess.run(
        [str(node()), str(Path(__file__).with_name("page_session.mjs"))],
        env={
            **os.environ,
            "ISSUER": issuer,
            "PASSWORD": PASSWORD,
            "SESSION": str(SESSION),
            "NO_PROXY": "127.0.0.1",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "wrongPassword": "invalid_credentials",
        "email": "demo@vitrine.test",
        "tokens": 3,
        "reused": "expired",
        "owner": "expired",
        "goesOn": True,
        "afterSignOut": "expired",
    }
