"""Each function starts from its own package: our source files and the locked requirements."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from stacks.constructs import functions
from stacks.constructs.functions import HOST_PLATFORM, LAMBDA_PLATFORM, ROOT, package_sources, python_code
from tests.stacks.assemblies import Assembly

AUTHORIZER = ROOT / "services" / "authorizer"
SERVICES = ["authorizer", "hooks", "logs", "results"]
WITH_CATALOGUE = {"hooks", "results"}
# boto3 and its requirements, which Lambda's runtime has.
RUNTIME = ["boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"]
# Blocks imports of packages that are installed here but neither locked nor in the runtime.
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


def declared_functions(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Return the functions of our own code by their construct names."""
    return {
        name[:-8].removesuffix("Function"): resource["Properties"]
        for name, resource in assembly.every()
        if resource["Type"] == "AWS::Lambda::Function"
        and resource["Properties"]["Handler"].startswith("services.")
    }


def test_these_are_the_functions(prod: Assembly) -> None:
    assert {name: one["Handler"] for name, one in declared_functions(prod).items()} == {
        "Authorizer": "services.authorizer.handler.handle",
        "App": "services.hooks.app.handle",
        "Worker": "services.hooks.worker.handle",
        "Jobs": "services.results.jobs.handle",
        "Sweep": "services.results.sweep.handle",
        "Outbox": "services.results.outbox.handle",
        "Notify": "services.results.notify.handle",
    }


@pytest.mark.parametrize("service", SERVICES)
def test_function_starts_from_its_package(service: str, shop: Assembly, tmp_path: Path) -> None:
    folder = ROOT / "services" / service
    for source in package_sources(folder, with_catalogue=service in WITH_CATALOGUE):
        target = tmp_path / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    lock = (folder / "requirements.txt").read_text().splitlines()
    there = json.dumps([*RUNTIME, *(line.partition("==")[0] for line in lock if "==" in line)])
    ours = [
        one for one in declared_functions(shop).values() if one["Handler"].startswith(f"services.{service}.")
    ]
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


@pytest.mark.parametrize("service", SERVICES)
def test_package_has_the_data_of_core(service: str) -> None:
    shipped = set(package_sources(ROOT / "services" / service))
    data = {
        file
        for file in (ROOT / "services" / "core").rglob("*")
        if file.is_file() and file.suffix not in {".py", ".pyc"}
    }
    assert {ROOT / "services/core/narrative/wording/fr.json", ROOT / "services/core/log_schema.json"} <= data
    assert data <= shipped


@pytest.mark.parametrize("service", SERVICES)
def test_package_holds_no_other_service(service: str) -> None:
    folders = {
        file.relative_to(ROOT / "services").parts[0] for file in package_sources(ROOT / "services" / service)
    }
    assert folders == {"__init__.py", "core", "web", service}


def test_functions_share_runtime_and_processor(prod: Assembly) -> None:
    ours = {(one["Runtime"], *one["Architectures"]) for one in declared_functions(prod).values()}
    assert ours == {("python3.14", "arm64")}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the services, from which packages are built."""
    shutil.copytree(ROOT / "services", tmp_path / "services", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(functions, "ROOT", tmp_path)
    libraries = tuple(tmp_path / one.relative_to(ROOT) for one in functions.LIBRARIES)
    monkeypatch.setattr(functions, "LIBRARIES", libraries)
    return tmp_path


def package_key(platform: tuple[str, ...] = LAMBDA_PLATFORM) -> str:
    """Return the asset's object key, which holds the hash."""
    stack = cdk.Stack(cdk.App(context={"aws:cdk:bundling-stacks": []}))
    location = python_code("authorizer", platform=platform).code.bind(stack).s3_location
    assert location is not None
    return location.object_key


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("services/authorizer/handler.py", True),
        ("services/authorizer/requirements.txt", True),
        ("services/core/auth/jwks.py", True),
        ("services/hooks/worker.py", False),
    ],
)
def test_package_hash_covers_its_files(repository: Path, file: str, changes: bool) -> None:
    before = package_key()
    path = repository / file
    path.write_text(f"{path.read_text()}# changed\n")
    assert (package_key() != before) is changes


def test_package_hash_covers_the_platform() -> None:
    assert package_key() == package_key()
    assert package_key(HOST_PLATFORM) != package_key()


def build(folder: Path) -> None:
    requirements = AUTHORIZER / "requirements.txt"
    functions.build_package(folder, package_sources(AUTHORIZER), requirements, LAMBDA_PLATFORM)


def test_only_lambda_wheels_are_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    build(tmp_path)
    (command,) = commands
    assert Path(command[0]).name.startswith("uv")
    assert "--require-hashes" in command
    assert " ".join(command).endswith(
        "--only-binary :all: --python-platform aarch64-manylinux_2_28 --python-version 3.14"
    )
    shipped = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()}
    assert shipped == {file.relative_to(ROOT).as_posix() for file in package_sources(AUTHORIZER)}


def test_failed_installation_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 2, "", "error: no such wheel\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(RuntimeError, match=r"services/authorizer/requirements\.txt: .*no such wheel"):
        build(tmp_path)
