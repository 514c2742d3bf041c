"""Lambda functions of our own Python, and their packages, which uv builds from the service's lock."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from uv import find_uv_bin

from settings.environment import Environment
from settings.service_env import log_variables
from stacks.constructs.operations import log_group

VERSION_DIGITS = 12
ROOT = Path(__file__).resolve().parents[2]
# The libraries that every service may import; each package holds them whole.
LIBRARIES = (ROOT / "services" / "core", ROOT / "services" / "web")
_SHIPPED = (".csv", ".json", ".py", ".toml", ".txt")

# The platform tags of Lambda's python3.14 on Graviton.
LAMBDA_PLATFORM = ("--python-platform", "aarch64-manylinux_2_28", "--python-version", "3.14")
# The emulator runs functions on this machine, with an interpreter of this version.
HOST_PLATFORM = ("--python", sys.executable)


@dataclass(frozen=True)
class Package:
    """The code of functions, and its version: the start of the code's hash, which its log lines name."""

    code: lambda_.Code
    version: str


def python_function(
    scope: Construct,
    name: str,
    *,
    settings: Environment,
    description: str,
    code: Package,
    handler: str,
    variables: Mapping[str, str],
    memory_mb: int,
    timeout: cdk.Duration,
    allow: Sequence[iam.PolicyStatement],
    reserved: int | None = None,
    function_name: str | None = None,
) -> lambda_.Function:
    """Declare a function, its log and its role, which may write that log and do what `allow` states.

    `reserved` is its reserved concurrency. Without a `function_name`, CloudFormation chooses one.
    """
    log = log_group(scope, f"{name}Log", settings.log_retention_days)
    # No managed policy: AWSLambdaBasicExecutionRole allows writing to every log group of the account.
    role = iam.Role(scope, f"{name}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log.grant_write(role)
    for statement in allow:
        role.add_to_policy(statement)
    return lambda_.Function(
        scope,
        f"{name}Function",
        function_name=function_name,
        description=description,
        code=code.code,
        handler=handler,
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.ARM_64,
        memory_size=memory_mb,
        timeout=timeout,
        environment={**variables, **log_variables(settings, code.version)},
        reserved_concurrent_executions=reserved,
        role=role,
        log_group=log,
    )


def python_code(service: str, *, platform: Sequence[str], with_catalogue: bool = False) -> Package:
    """Return the package of the folder `services/<service>`, with its requirements for `platform`.

    It holds the libraries `services/core` and `services/web` whole; `with_catalogue`, the catalogue too.
    """
    folder = ROOT / "services" / service
    sources = package_sources(folder, with_catalogue=with_catalogue)
    requirements = folder / "requirements.txt"
    fingerprint = _fingerprint([*sources, requirements], platform)
    code = lambda_.Code.from_asset(
        str(folder),
        asset_hash=fingerprint,
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        bundling=local_bundling(lambda folder: build_package(folder, sources, requirements, platform)),
    )
    return Package(code, fingerprint[:VERSION_DIGITS])


def local_bundling(
    fill: Callable[[Path], object], output_type: cdk.BundlingOutput | None = None
) -> cdk.BundlingOptions:
    """Return options that make an asset by `fill`, which gets the output folder, and never by Docker."""
    return cdk.BundlingOptions(
        # The CDK requires an image even if it is never used.
        image=cdk.DockerImage.from_registry("docker-is-never-used"),
        local=_LocalBundling(fill),
        output_type=output_type,
    )


@jsii.implements(cdk.ILocalBundling)
class _LocalBundling:
    def __init__(self, fill: Callable[[Path], object]) -> None:
        self._fill = fill

    def try_bundle(self, output_dir: str, *_options: Any, **_named: Any) -> bool:
        """Fill `output_dir`; return True or raise. False would mean: try Docker."""
        self._fill(Path(output_dir))
        return True


def package_sources(folder: Path, *, with_catalogue: bool = False) -> list[Path]:
    """Return the files of ours in the package of a service's folder, sorted."""
    libraries = (*LIBRARIES, *([ROOT / "catalogue"] if with_catalogue else []))
    shared = [file for library in libraries for file in library.rglob("*") if file.suffix in _SHIPPED]
    return sorted([ROOT / "services" / "__init__.py", *shared, *folder.rglob("*.py")])


def _fingerprint(files: Sequence[Path], platform: Sequence[str]) -> str:
    # The interpreter's path differs between machines; its version decides which wheels fit.
    host = f"{sys.platform} {sys.version_info[:2]}" if platform == HOST_PLATFORM else ""
    return hash_of(files, f"{[p for p in platform if p != sys.executable]} {host}")


def hash_of(files: Sequence[Path], of: str = "") -> str:
    """Return a hash of the names and contents of files in the repository, and of the text `of`."""
    digest = hashlib.sha256(of.encode())
    for file in files:
        digest.update(f"\0{file.relative_to(ROOT).as_posix()}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def build_package(folder: Path, sources: Sequence[Path], requirements: Path, platform: Sequence[str]) -> None:
    """Fill `folder` with source files and installed requirements; raises RuntimeError with uv's message."""
    command = [
        *(find_uv_bin(), "pip", "install", "--quiet", "--no-progress", "--link-mode", "copy"),
        *("--target", str(folder), "--require-hashes", "--requirement", str(requirements)),
        *("--only-binary", ":all:", *platform),
    ]
    done = subprocess.run(  # noqa: S603 our own command
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"{requirements.relative_to(ROOT)}: its packages cannot be installed: "
            f"{done.stderr.strip()} (is the package index reachable?)"
        )
    # The packages' commands are never called, and hold the path of this machine's interpreter.
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for source in sources:
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
