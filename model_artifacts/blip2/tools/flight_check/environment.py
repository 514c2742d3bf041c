"""The Python environment of an archive: its requirements and what the image contains, no more."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from ..errors import RequirementAbsentError

_ROOT = Path(__file__).resolve().parents[4]
OWN_SERVER = Path(__file__).resolve().parents[2] / "server" / "requirements.txt"
TORCHSERVE = Path(__file__).with_name("torchserve-requirements.txt")
ENVIRONMENTS = _ROOT / ".vitrine" / "flight-check"


def environment(requirements: Path, server: Path = OWN_SERVER) -> Path:
    """The interpreter of an environment with these requirements and a server's, which later runs reuse.

    An archive with its packages inside has no requirements file. Raises RequirementAbsentError.
    """
    torch = f"torch=={version('torch')}"
    given = [file for file in (requirements, server) if file.is_file()]
    wanted = b"".join(file.read_bytes() for file in given) + f"{torch} {sys.version}".encode()
    folder = ENVIRONMENTS / hashlib.sha256(wanted).hexdigest()[:12]
    done = folder / "complete"
    if not done.exists():
        _uv("venv", "--clear", "--quiet", "--python", sys.executable, str(folder))
        links = [f"--find-links={place}" for place in os.environ.get("PIP_FIND_LINKS", "").split()]
        # uv ignores pip's settings; this selects the CPU build of torch, as in local/setup.sh.
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
