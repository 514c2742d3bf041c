"""The examples, run as their readers run them, against the running system."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.emulated_stores import free_ports
from local.home import REPOSITORY
from local.supervisor.process_specs import DENO, DENO_ENV
from tests.system.running import System

EXAMPLES = REPOSITORY / "examples"
PHOTO = EXAMPLES / "photos" / "drawn-mug.jpg"


@pytest.fixture(scope="module")
def environment(system: System) -> dict[str, str]:
    outputs = system.outputs
    return {
        **os.environ,
        **DENO_ENV,
        "VITRINE_API_URL": outputs["ApiUrl"],
        "SUPABASE_URL": outputs["SupabaseUrl"],
        "SUPABASE_PUBLISHABLE_KEY": outputs["SupabasePublishableKey"],
        "EMAIL": "examples@vitrine.test",
        "PASSWORD": "demo-password",
    }


def printed(environment: dict[str, str], *command: str | Path) -> str:
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_curl_prints_the_report(environment: dict[str, str]) -> None:
    report = json.loads(printed(environment, "sh", EXAMPLES / "curl" / "report.sh", PHOTO))
    assert (report["status"], report["product"]["type"]) == ("succeeded", "mug")


def test_python_prints_the_text(environment: dict[str, str]) -> None:
    text = printed(environment, sys.executable, EXAMPLES / "python" / "report.py", PHOTO)
    assert "mug" in text.partition("\n")[0]
    assert "condition: " in text


def test_python_says_why_it_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no photo")
    done = subprocess.run(
        [sys.executable, EXAMPLES / "python" / "report.py", tmp_path / "text.jpg"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("415: ")


def test_typescript_prints_the_text(environment: dict[str, str]) -> None:
    folder = EXAMPLES / "typescript"
    options = ("--allow-net", "--allow-env", "--allow-read", "--frozen", "--config", folder / "deno.json")
    text = printed(environment, DENO, "run", *options, folder / "report.ts", PHOTO)
    assert "mug" in text.partition("\n")[0]


@pytest.fixture(scope="module")
def function_url(environment: dict[str, str]) -> Iterator[str]:
    """The Edge Function under Deno, as Supabase's runtime serves it."""
    (port,) = free_ports(1)
    function = EXAMPLES / "edge-function" / "listing" / "index.ts"
    command: list[str | Path] = [DENO, "run", "--allow-net", "--allow-env", function]
    served = {**environment, "DENO_SERVE_ADDRESS": f"tcp:127.0.0.1:{port}"}
    with subprocess.Popen(command, env=served, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert "Listening" in process.stderr.readline()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def test_edge_function_drafts_a_listing(system: System, function_url: str) -> None:
    files = {"images": (PHOTO.name, PHOTO.read_bytes(), "image/jpeg")}
    answer = system.client.post(function_url, headers=system.headers("examples"), files=files)
    assert answer.status_code == 200
    draft = answer.json()
    assert "mug" in draft["title"].lower()
    assert draft["condition"]["schema_org"].endswith("UsedCondition")
    assert draft["category"]["number"] > 0


def test_edge_function_passes_refusals_on(system: System, function_url: str) -> None:
    answer = system.client.post(function_url, files={"images": ("a.jpg", b"x", "image/jpeg")})
    assert answer.status_code == 401
