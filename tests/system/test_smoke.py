"""The smoke test of a deployment, against this machine's gateway: the same command, the same answers."""

import json
import os
import subprocess
import sys

from local.fakes.identity import DOMAIN, PASSWORD
from local.home import REPOSITORY
from tests.system.running import System


def test_a_photo_is_tried_as_a_user_and_nothing_of_it_stays(system: System) -> None:
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
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "answers 401 to a caller without a token" in done.stdout
    assert "403 to a forged token" in done.stdout
    assert "Tasks and endpoint were not asked for" in done.stdout
    assert "mug, " in done.stdout
    assert " in all, " in done.stdout
    assert "report and photo erased" in done.stdout
    reports = system.client.get(f"{system.api_url}/reports", headers=system.headers("smoke"))
    assert reports.json()["reports"] == []
