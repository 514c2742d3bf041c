"""A Python Lambda's package, built by uv from the service's lock: never by Docker, always the same."""

import ast
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_
from uv import find_uv_bin

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "services" / "core"

# What pip calls the platform of Lambda's python3.14 on Graviton.
LAMBDA_PLATFORM = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.14")
# The emulator runs functions with an interpreter of this machine, of the same version as this one.
HOST_PLATFORM = ("--python", sys.executable)


def python_code(service: str, *, platform: Sequence[str]) -> lambda_.Code:
    """Return the code of the folder `services/<service>`, with its requirements for `platform`.

    Of `services/core` it holds the modules that the service imports, theirs, and their data: nothing else.
    """
    folder = ROOT / "services" / service
    sources = package_sources(folder)
    return lambda_.Code.from_asset(
        str(folder),
        asset_hash=_fingerprint([*sources, folder / "requirements.txt"], platform),
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        bundling=cdk.BundlingOptions(
            # The CDK asks for an image even where none is used: _UvBundling either succeeds or raises.
            image=cdk.DockerImage.from_registry("docker-is-never-used"),
            local=_UvBundling(sources, folder / "requirements.txt", platform),
        ),
    )


def package_sources(folder: Path) -> list[Path]:
    """Return the files of our own that the package of a service's folder holds."""
    own = list(folder.rglob("*.py"))
    waiting, modules = [*own], set[str]()
    while waiting:
        for module in _core_imports(waiting.pop()):
            if module not in modules:
                modules.add(module)
                waiting.append(CORE / f"{module}.py")
    files = [file for module in modules for file in _with_data(module)]
    return sorted([ROOT / "services" / "__init__.py", CORE / "__init__.py", *files, *own])


def _core_imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            if parts[:2] == ["services", "core"] and (CORE / f"{'.'.join(parts[2:3])}.py").is_file():
                yield parts[2]


def _with_data(module: str) -> Iterator[Path]:
    """A module's file, and its data: they lie beside it, under its name."""
    yield CORE / f"{module}.py"
    yield from CORE.glob(f"{module}.json")
    yield from (CORE / module).glob("*.json")


def _fingerprint(files: Sequence[Path], platform: Sequence[str]) -> str:
    # The interpreter's place differs between machines; its version is what decides which wheels fit.
    host = f"{sys.platform} {sys.version_info[:2]}" if platform == HOST_PLATFORM else ""
    digest = hashlib.sha256(f"{[p for p in platform if p != sys.executable]} {host}".encode())
    for file in files:
        digest.update(f"\0{file.relative_to(ROOT).as_posix()}\0".encode() + file.read_bytes())
    return digest.hexdigest()


@jsii.implements(cdk.ILocalBundling)
class _UvBundling:
    def __init__(self, sources: Sequence[Path], requirements: Path, platform: Sequence[str]) -> None:
        self._sources = sources
        self._requirements = requirements
        self._platform = platform

    def try_bundle(self, output_dir: str, *_options: Any, **_named: Any) -> bool:
        """Fill `output_dir`; returns True, or raises with uv's own words. False would mean: try Docker."""
        command = [
            *(find_uv_bin(), "pip", "install", "--quiet", "--no-progress", "--link-mode", "copy"),
            *("--target", output_dir, "--requirement", str(self._requirements), "--only-binary", ":all:"),
            *self._platform,
        ]
        done = subprocess.run(  # noqa: S603 our own command
            command, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
        if done.returncode != 0:
            raise RuntimeError(
                f"{self._requirements.relative_to(ROOT)}: its packages cannot be installed: "
                f"{done.stderr.strip()} (is the package index reachable?)"
            )
        # Commands of the packages: never called, and they hold the path of this machine's interpreter.
        shutil.rmtree(Path(output_dir) / "bin", ignore_errors=True)
        for source in self._sources:
            target = Path(output_dir) / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        return True
