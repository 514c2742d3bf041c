"""No tracked file holds a secret: the forms that settings refuse, searched in every text."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from cli.cdk import ROOT
from cli.errors import UserError
from cli.findings import failure
from settings.secret_values import secret_kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from cli.findings import Finding

KNOWN = Path(__file__).parent / "secrets.toml"
# Shorter texts are placeholders, such as `sk-…` in a document.
_CANDIDATE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|[A-Za-z0-9_][A-Za-z0-9_+/.-]{18,}={0,2}")
# Hashes are public, and as random as a key.
_HASHES = re.compile(r"(?:sha(?:256|384|512)[-:=]|\bintegrity\W+)\S+")
_UPPER = re.compile(r"-----BEGIN |(?:AKIA|ASIA)[A-Z0-9]+$")
_DIGITS = re.compile(r"[0-9]")
_ENOUGH_DIGITS = 2
_SHOWN = 12


def committed_secrets(root: Path = ROOT, known: Collection[str] | None = None) -> list[Finding]:
    """Return the secrets in tracked files; the finding names place and kind, never the value."""
    known = tomllib.loads(KNOWN.read_text("utf-8")).keys() if known is None else known
    return [
        failure(
            f"{file}:{number}",
            f"this looks like {kind}",
            "Take it out and revoke it: git keeps what was committed, also after it is deleted. If it is "
            f'made up, add to supply_chain/secrets.toml: {fingerprint} = "what it is for".',
        )
        for file in _tracked(root)
        for number, kind, fingerprint in _found(root / file)
        if fingerprint not in known
    ]


def _tracked(root: Path) -> list[str]:
    done = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise UserError(f"git ls-files: {done.stderr.strip()}", hint="Run this in a git checkout.")
    return [file for file in done.stdout.split("\0") if file]


def _found(file: Path) -> Iterator[tuple[int, str, str]]:
    """Yield line, kind and fingerprint of each secret in a file; none in one that is binary or gone."""
    try:
        text = file.read_text("utf-8")
    except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
        return
    for number, line in enumerate(text.splitlines(), 1):
        for candidate in _candidates(_HASHES.sub("", line)):
            if (kind := _kind(candidate)) is not None:
                yield number, kind, hashlib.sha256(candidate.encode()).hexdigest()[:_SHOWN]


def _candidates(line: str) -> Iterator[str]:
    """Yield the long words of a line, and the last part of those that are paths."""
    for found in _CANDIDATE.findall(line):
        yield found
        if "/" in found and _CANDIDATE.fullmatch(last := found.rpartition("/")[2]):
            yield last


def _kind(candidate: str) -> str | None:
    # Names, as `sk-learn-compatible`, have hardly a digit; an access key of AWS may have none.
    candidate = candidate.rstrip(".")
    named = not _UPPER.match(candidate) and len(_DIGITS.findall(candidate)) < _ENOUGH_DIGITS
    return None if named else secret_kind(candidate)
