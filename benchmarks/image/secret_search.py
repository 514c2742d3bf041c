"""Secrets placed where a build could pick them up, and the search for them in an image's layers."""

import json
import os
import re
import secrets
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local.home import REPOSITORY, TOOLS

# Names of files that hold secrets.
NAMES = re.compile(
    r"(^|/)(\.env(\..*)?|\.netrc|\.npmrc|\.pypirc|pip\.conf|uv\.toml|\.git|\.aws|id_[a-z0-9]+|credentials)$"
)
PATTERNS = (
    re.compile(rb"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{32}"),
    re.compile(rb"\bAKIA[0-9A-Z]{16}\b"),
    re.compile(rb"\bsk-[A-Za-z0-9_-]{32,}"),
)
INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL")
SERVICE_VARIABLES = ("OPENAI_API_KEY", "SUPABASE_LEGACY_SECRET", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True)
class Secrets:
    """The files of a build's secrets, by id, and the values that no layer may contain."""

    files: dict[str, Path]
    values: tuple[bytes, ...]
    canary: str
    # Folders of PIP_FIND_LINKS, which the build mounts at the same paths.
    wheels: tuple[Path, ...] = ()

    @classmethod
    def planted(cls, folder: Path) -> "Secrets":
        """Write pip's and uv's settings of this machine's package index into `folder`, each with a canary."""
        canary = secrets.token_hex(16)
        index = _index()
        pip, uv = folder / "pip.conf", folder / "uv.toml"
        chosen = f"index-url = {index}\n" if index else ""
        pip.write_text(f"# {canary}\n[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n{chosen}")
        chosen = f'[[index]]\nurl = "{index}"\ndefault = true\n' if index else ""
        wheels = _wheels()
        links = f"find-links = {json.dumps([str(folder) for folder in wheels])}\n" if wheels else ""
        uv.write_text(f"# {canary}\nsystem-certs = true\n{links}{chosen}")
        known = [canary, urlsplit(index).password, *(os.environ.get(name) for name in SERVICE_VARIABLES)]
        return cls({"pip": pip, "uv": uv}, tuple(value.encode() for value in known if value), canary, wheels)

    def context(self, folder: Path, sources: Iterable[str], lures: Iterable[str]) -> Path:
        """Copy `sources` to a build context, add files with the canary, also at `lures`; return its path."""
        context = folder / "context"
        for source in sources:
            shutil.copytree(
                REPOSITORY / source, context / source, ignore=shutil.ignore_patterns("__pycache__")
            )
        for name in (".env", ".netrc", "secret.txt", *lures):
            (context / name).write_text(f"SECRET={self.canary}\n")
        return context


def _index() -> str:
    for name in INDEX_VARIABLES:
        if chosen := os.environ.get(name):
            return chosen
    pip = (str(TOOLS / "bootstrap" / "bin" / "python"), "-m", "pip", "config", "get", "global.index-url")
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _wheels() -> tuple[Path, ...]:
    named = (Path(name) for name in os.environ.get("PIP_FIND_LINKS", "").split())
    return tuple(folder.resolve() for folder in named if folder.is_dir())


def find_secrets(layers: Iterable[Path], config: bytes, known: Secrets) -> list[str]:
    """Return path and kind of each secret in the layers' files or the configuration, never its value."""
    found = [f"configuration: {kind}" for kind in _kinds(config, known)]
    for layer in layers:
        with tarfile.open(layer) as archive:
            for member in archive:
                if NAMES.search(member.name) and not member.isdir():
                    found.append(f"{member.name}: its name")
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None:
                    found += [f"{member.name}: {kind}" for kind in _kinds(file.read(), known)]
    return found


def contains(layers: Iterable[Path], content: bytes) -> bool:
    """Whether a layer has a file with this content."""
    for layer in layers:
        with tarfile.open(layer) as archive:
            for member in archive:
                if member.isfile() and member.size == len(content):
                    file = archive.extractfile(member)
                    if file is not None and file.read() == content:
                        return True
    return False


def unpacked_mb(layer: Path) -> float:
    """Return the size of a layer's files, in MB of 1,000,000 bytes."""
    with tarfile.open(layer) as archive:
        return sum(member.size for member in archive) / 1e6


def _kinds(content: bytes, known: Secrets) -> list[str]:
    kinds = ["a known value"] if any(value in content for value in known.values) else []
    return kinds + [
        f"the form {pattern.pattern[:20].decode()}…"
        for pattern in PATTERNS
        # AWS's documentation keys end in this word.
        if any(not match.group().endswith(b"EXAMPLE") for match in pattern.finditer(content))
    ]
