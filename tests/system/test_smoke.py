"""The smoke test of a deployment, run against this machine's gateway."""

import json
import os
import subprocess
import sys

from local.home import REPOSITORY
from local.users import DOMAIN, PASSWORD
from tests.system.running import System


def test_smoke_test_leaves_no_report(system: System) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ops", "smoke", "--env", "local", "--outputs", "-"],
        cwd=REPOSITORY,
        input=json.dumps(system.outputs),
        env={
            **os.environ,
            "SUPABASE_SMOKE_EMAIL": f"smoke@{DOMAIN}",
            "SUPABASE_SMOKE_PASSWORD": PASSWORD,
        },
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "answers 401 to a caller without a token" in done.stdout
    assert "403 to a forged token" in done.stdout
    assert "Tasks and endpoint were not checked" in done.stdout
    assert "mug, " in done.stdout
    assert " in all, " in done.stdout
    assert "report and photo deleted" in done.stdout
    reports = system.client.get(f"{system.api_url}/reports", headers=system.headers("smoke"))
    assert reports.json()["reports"] == []
