"""Builds an image by buildah, without an engine: its base, the Dockerfile's steps, its layers and root."""

import json
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

from benchmarks.image.images import Image
from benchmarks.image.secret_search import Secrets

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# Debian's slim images leave these out, too.
LEFT_OUT = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/log",
)
# Settings of the machine that makes the base.
HOST_FILES = ("etc/resolv.conf", "etc/hostname")
BASE = "localhost/vitrine-base"


class Builder:
    """Runs buildah for one image, with its storage in `folder`."""

    def __init__(self, folder: Path, image: Image) -> None:
        self._folder = folder
        self._image = image
        self._tag = f"localhost/vitrine-{image.name}"
        self._command = (
            *("buildah", "--storage-driver", "vfs"),
            *("--root", f"{folder}/store", "--runroot", f"{folder}/run"),
        )

    def make_base(self) -> None:
        """Make BASE: Debian with Python, without any setting of this machine."""
        root = self._folder / "base"
        packages = "--include=python3,python3-venv,ca-certificates"
        _run("debootstrap", "--variant=minbase", packages, self._image.suite, str(root))
        for name in LEFT_OUT:
            shutil.rmtree(root / name, ignore_errors=True)
        for name in HOST_FILES:
            (root / name).unlink(missing_ok=True)
        archive = self._folder / "base.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(root, ".")
        container = self._buildah("from", "scratch")
        self._buildah("add", container, str(archive), "/")
        self._buildah("commit", "--rm", container, BASE)

    def build(self, secrets: Secrets) -> None:
        """Run every step of the Dockerfile, with the package index's settings as build secrets."""
        context = secrets.context(self._folder, self._image.sources, self._image.lures)
        bundle = ssl.get_default_verify_paths().cafile or CERTIFICATES
        wheels = secrets.wheels
        chosen = () if wheels else self._image.without_wheels
        self._buildah(
            *("build", "--isolation", "chroot", "--format", "docker", "--layers", "--tag", self._tag),
            *("--build-arg", f"BASE={BASE}", "--volume", f"{bundle}:{CERTIFICATES}:ro"),
            *(f"--volume={folder}:{folder}:ro" for folder in wheels),
            *(f"--build-arg={argument}" for argument in chosen),
            *(f"--secret=id={name},src={file}" for name, file in secrets.files.items()),
            *("--ignorefile", f"{self._image.dockerfile}.dockerignore"),
            *("--file", str(self._image.dockerfile), str(context)),
        )

    def config(self) -> dict[str, Any]:
        """Return the image's configuration: user, variables, entry point, health check, history."""
        found = json.loads(self._buildah("inspect", "--type", "image", self._tag))
        config: dict[str, Any] = found["Docker"]["config"]
        return {**config, "History": found["Docker"].get("history", [])}

    def layers(self) -> list[Path]:
        """Return its layers as they are pushed, each a compressed archive."""
        folder = self._folder / "pushed"
        self._buildah("push", "--format", "v2s2", "--disable-compression=false", self._tag, f"dir:{folder}")
        manifest = json.loads((folder / "manifest.json").read_text())
        return [folder / layer["digest"].removeprefix("sha256:") for layer in manifest["layers"]]

    def root(self) -> Path:
        """Mount the image; return the root of its file system."""
        return Path(self._buildah("mount", self._buildah("from", self._tag)))

    def close(self) -> None:
        """Remove the containers and their mounts."""
        self._buildah("rm", "--all")

    def _buildah(self, command: str, *arguments: str) -> str:
        return _run(*self._command, command, *arguments).strip()


def _run(*command: str) -> str:
    # buildah unpacks layers into TMPDIR, and /tmp may be in memory.
    environment = {**os.environ, "TMPDIR": os.environ.get("TMPDIR", "/var/tmp")}  # noqa: S108
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        output = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        sys.exit(f"{command[0]} failed:\n{output}")
    return done.stdout
