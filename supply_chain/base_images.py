"""The base images of our Dockerfiles: whether their tags name newer ones than the pinned digests."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

from cli.cdk import ROOT
from cli.errors import UserError
from cli.findings import failure
from supply_chain.deployables import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cli.findings import Finding

DOCKERFILES = (
    ROOT / "services/analyze/Dockerfile",
    ROOT / "model_artifacts/blip2/server/Dockerfile",
)
_BASE = re.compile(r"^ARG BASE=(?P<tag>\S+)@(?P<digest>sha256:[0-9a-f]{64})$", re.MULTILINE)


def newest_digest(tag: str) -> str:
    """Return the digest that a tag names now; asks its registry by `docker buildx`."""
    command = ["docker", "buildx", "imagetools", "inspect", tag, "--format", "{{json .Manifest}}"]
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603
        if done.returncode != 0:
            raise UserError(f"{tag}: {done.stderr.strip()}", hint="Is its registry reachable?")
        return str(json.loads(done.stdout)["digest"])
    except OSError as error:
        raise UserError("docker does not start.", hint="Install it with its buildx plug-in.") from error


def outdated(
    dockerfiles: Sequence[Path] = DOCKERFILES, newest: Callable[[str], str] = newest_digest
) -> list[Finding]:
    """Return the Dockerfiles whose base image is not the newest of its tag."""
    found = []
    for file in dockerfiles:
        if (base := _BASE.search(file.read_text("utf-8"))) is None:
            raise UserError(f"{file} pins no base image.", hint="Write ARG BASE=NAME:TAG@sha256:…")
        if (digest := newest(base["tag"])) != base["digest"]:
            problem = f"{base['tag']} is {digest} now, pinned is {base['digest']}"
            found.append(failure(shown(file), problem, "Write the new digest, and run `make bench-image`."))
    return found
