"""That each function starts from its own package: our files that it holds, and what its lock installs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stacks.constructs.packaging import ROOT, package_sources
from tests.stacks.conftest import Assembly

SERVICES = ["authorizer", "hooks", "results"]
# What Lambda's runtime has beside boto3, which brings it.
RUNTIME = ["boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"]
# Nothing can be imported that is neither in the lock nor in the runtime, though it is installed here.
START = """
import importlib, json, sys
from importlib.metadata import packages_distributions
there = set(json.loads(sys.argv[1]))
absent = {
    name for name, brought in packages_distributions().items()
    if not there & {one.lower().replace("_", "-") for one in brought}
}
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"{name} is in no lock", name=name)
sys.meta_path.insert(0, Absent())
for module in json.loads(sys.argv[2]):
    assert callable(importlib.import_module(module).handle)
import services
print(services.__file__)
"""


def functions(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """The functions of our own code, by their names' part before the CDK's characters."""
    return {
        name[:-8].removesuffix("Function"): resource["Properties"]
        for name, resource in assembly.every()
        if resource["Type"] == "AWS::Lambda::Function"
        and resource["Properties"]["Handler"].startswith("services.")
    }


def test_these_are_the_functions(prod: Assembly) -> None:
    assert {name: one["Handler"] for name, one in functions(prod).items()} == {
        "Authorizer": "services.authorizer.handler.handle",
        "App": "services.hooks.app.handle",
        "Worker": "services.hooks.worker.handle",
        "Jobs": "services.results.jobs.handle",
        "Sweep": "services.results.sweep.handle",
        "Outbox": "services.results.outbox.handle",
        "Notify": "services.results.notify.handle",
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_function_starts_from_what_its_package_holds(service: str, prod: Assembly, tmp_path: Path) -> None:
    folder = ROOT / "services" / service
    for source in package_sources(folder):
        target = tmp_path / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    lock = (folder / "requirements.txt").read_text().splitlines()
    there = json.dumps([*RUNTIME, *(line.partition("==")[0] for line in lock)])
    ours = [one for one in functions(prod).values() if one["Handler"].startswith(f"services.{service}.")]
    modules = [one["Handler"].removesuffix(".handle") for one in ours]
    assert modules
    variables = {"AWS_REGION": "ca-central-1", "AWS_DEFAULT_REGION": "ca-central-1"}
    for one in ours:
        for name, value in one["Environment"]["Variables"].items():
            variables[name] = value if isinstance(value, str) else "named"
    command = [sys.executable, "-c", START, there, json.dumps(modules)]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == tmp_path / "services" / "__init__.py"


def test_what_makes_reports_brings_vocabulary_and_wording() -> None:
    core = ROOT / "services" / "core"
    shipped = set(package_sources(ROOT / "services" / "results"))
    assert {core / "domain" / "vocabulary.json", *core.glob("narrative/wording/*.json")} <= shipped


@pytest.mark.parametrize("service", SERVICES)
def test_a_package_holds_no_other_service(service: str) -> None:
    folders = {
        file.relative_to(ROOT / "services").parts[0] for file in package_sources(ROOT / "services" / service)
    }
    assert folders == {"__init__.py", "core", "web", service}


def test_every_function_runs_on_the_same_python_and_processor(prod: Assembly) -> None:
    ours = {(one["Runtime"], *one["Architectures"]) for one in functions(prod).values()}
    assert ours == {("python3.14", "arm64")}
