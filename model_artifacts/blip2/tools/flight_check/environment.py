"""The Python environment that an archive asks for: its requirements, and what the image brings, no more."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from .refusals import RequirementAbsentError

ROOT = Path(__file__).resolve().parents[4]
OWN_SERVER = Path(__file__).resolve().parents[2] / "server" / "requirements.txt"
TORCHSERVE = Path(__file__).with_name("torchserve-requirements.txt")
_KEPT = ROOT / ".vitrine" / "flight-check"


def environment(requirements: Path, server: Path = OWN_SERVER) -> Path:
    """The interpreter of an environment with these requirements and a server's; made once, then kept.

    An archive with its packages inside has no requirements: nothing is installed for it.
    """
    torch = f"torch=={version('torch')}"
    given = [file for file in (requirements, server) if file.is_file()]
    wanted = b"".join(file.read_bytes() for file in given) + f"{torch} {sys.version}".encode()
    folder = _KEPT / hashlib.sha256(wanted).hexdigest()[:12]
    done = folder / "complete"
    if not done.exists():
        _uv("venv", "--clear", "--quiet", "--python", sys.executable, str(folder))
        links = [f"--find-links={place}" for place in os.environ.get("PIP_FIND_LINKS", "").split()]
        # uv follows no pip setting; this is where a CPU's torch is looked for, as in local/setup.sh.
        backend = [] if links else ["--torch-backend=cpu"]
        _uv(
            *("pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *links, *backend),
            *(f"--requirement={file}" for file in given),
            torch,
        )
        done.touch()
    return folder / "bin" / "python"


def _uv(*arguments: str) -> None:
    from uv import find_uv_bin

    ran = subprocess.run(  # noqa: S603 our own command
        [find_uv_bin(), *arguments], capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if ran.returncode != 0:
        raise RequirementAbsentError(
            f"code/requirements.txt: cannot be installed: {ran.stderr.strip()} "
            "(is the package index reachable?)"
        )
