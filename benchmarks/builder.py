"""buildah without an engine: a base made here, a Dockerfile's steps on it, the image's layers and root."""

import json
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from benchmarks.layers import Secrets
from benchmarks.subjects import Subject

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# What Debian's own slim images leave out as well.
SPARE = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
)
# Of the machine that made the base.
FOREIGN = ("etc/resolv.conf", "etc/hostname")
BASE = "localhost/vitrine-base"


class Builder:
    """buildah with a storage of its own in `folder`, for one image."""

    def __init__(self, folder: Path, subject: Subject) -> None:
        self._folder = folder
        self._subject = subject
        self._image = f"localhost/vitrine-{subject.name}"
        self._buildah = (
            *("buildah", "--storage-driver", "vfs"),
            *("--root", f"{folder}/store", "--runroot", f"{folder}/run"),
        )

    def make_base(self) -> None:
        """Make BASE: a Debian with Python, and nothing of this machine in it."""
        root = self._folder / "base"
        packages = "--include=python3,python3-venv,ca-certificates"
        _quietly("debootstrap", "--variant=minbase", packages, self._subject.suite, str(root))
        for name in SPARE:
            shutil.rmtree(root / name, ignore_errors=True)
        for name in FOREIGN:
            (root / name).unlink(missing_ok=True)
        archive = self._folder / "base.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(root, ".")
        container = self._do("from", "scratch")
        self._do("add", container, str(archive), "/")
        self._do("commit", "--rm", container, BASE)

    def build(self, secrets: Secrets) -> None:
        """Run every step of the Dockerfile, with the index's settings as secrets."""
        context = secrets.context(self._folder, self._subject.sources, self._subject.lures)
        bundle = ssl.get_default_verify_paths().cafile or CERTIFICATES
        wheels = secrets.wheels
        chosen = () if wheels else self._subject.without_wheels
        self._do(
            *("build", "--isolation", "chroot", "--format", "docker", "--layers", "--tag", self._image),
            *("--build-arg", f"BASE={BASE}", "--volume", f"{bundle}:{CERTIFICATES}:ro"),
            *(f"--volume={folder}:{folder}:ro" for folder in wheels),
            *(f"--build-arg={argument}" for argument in chosen),
            *(f"--secret=id={name},src={file}" for name, file in secrets.files.items()),
            *("--ignorefile", f"{self._subject.dockerfile}.dockerignore"),
            *("--file", str(self._subject.dockerfile), str(context)),
        )

    def config(self) -> dict[str, Any]:
        """The image's configuration: user, variables, entry point, health check."""
        image = json.loads(self._do("inspect", "--type", "image", self._image))
        config: dict[str, Any] = image["Docker"]["config"]
        return {**config, "History": image["Docker"].get("history", [])}

    def layers(self) -> list[Path]:
        """Its layers as they would be pushed, each a compressed archive."""
        folder = self._folder / "pushed"
        self._do("push", "--format", "v2s2", "--disable-compression=false", self._image, f"dir:{folder}")
        manifest = json.loads((folder / "manifest.json").read_text())
        return [folder / layer["digest"].removeprefix("sha256:") for layer in manifest["layers"]]

    def root(self) -> Path:
        """The file system that a container of it sees."""
        return Path(self._do("mount", self._do("from", self._image)))

    def close(self) -> None:
        """Let go of what is mounted."""
        self._do("rm", "--all")

    def _do(self, command: str, *arguments: str) -> str:
        return _quietly(*self._buildah, command, *arguments).strip()


def _quietly(*command: str) -> str:
    # buildah unpacks what it builds from there, and /tmp may be memory.
    environment = {**os.environ, "TMPDIR": os.environ.get("TMPDIR", "/var/tmp")}  # noqa: S108
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        sys.exit(f"{command[0]} failed:\n{said}")
    return done.stdout
