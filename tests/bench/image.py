"""`python -m tests.bench.image`: build the service's image without an engine, look into it, and run it.

For root on Debian or Ubuntu with `apt-get install buildah debootstrap iproute2`; needs 5 GB for some minutes,
Debian's packages and a Python package index. The base is a Debian made here, since no registry is reached.
"""

import json
import os
import platform
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

from local.home import REPOSITORY, TOOLS
from tests.bench.figures import Figure, keep
from tests.bench.layers import Secrets, findings, holds, unpacked_mb

RECORD = REPOSITORY / "docs" / "figures" / "image.json"
DOCKERFILE = REPOSITORY / "services" / "analyze" / "Dockerfile"
SUITE = "trixie"
PROGRAMS = ("buildah", "debootstrap", "unshare", "ip")
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
BASE, IMAGE = "localhost/vitrine-base", "localhost/vitrine-analyze"


def main() -> None:
    """Measure, print one line per figure, keep the run in docs/figures/image.json."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if platform.system() != "Linux" or os.geteuid() != 0 or missing:
        sys.exit(
            "This runs as root on Debian or Ubuntu, after `apt-get install buildah debootstrap iproute2`."
            + (f" Missing: {', '.join(missing)}." if missing else "")
        )
    TOOLS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="image-", dir=TOOLS) as folder:
        figures, detail = _measure(Path(folder))
    keep(RECORD, figures, detail)
    for figure in figures:
        print(figure.line())  # noqa: T201


def _measure(folder: Path) -> tuple[list[Figure], dict[str, Any]]:
    builder = _Builder(folder)
    try:
        return _figures(builder, Secrets.planted(folder))
    finally:
        builder.close()


def _figures(builder: "_Builder", secrets: Secrets) -> tuple[list[Figure], dict[str, Any]]:
    _say(f"making a base: Debian {SUITE}")
    builder.make_base()
    _say("building the image")
    begun = time.monotonic()
    builder.build(secrets)
    build_s = time.monotonic() - begun
    config = builder.config()
    _say("looking into its layers")
    layers = builder.layers()
    if not holds(layers, (REPOSITORY / "services" / "analyze" / "app.py").read_bytes()):
        sys.exit("The layers do not hold the service's own code: whoever looks there sees nothing.")
    user = config["User"].partition(":")[0]
    sizes = [unpacked_mb(layer) for layer in layers]
    found = findings(layers, json.dumps(config).encode(), secrets)
    _say("running it: unprivileged, read-only, as the first process of a network of its own")
    run = _run(builder.root(), config)
    figures = [
        Figure("image_mb", sum(sizes)),
        # The first layer is the base, another one in AWS.
        Figure("image_mb_over_base", sum(sizes[1:]), at_most=150),
        Figure("image_mb_to_pull", sum(layer.stat().st_size for layer in layers) / 1e6),
        Figure("build_seconds", build_s),
        Figure("start_to_200_seconds_p50", run["start_s"]["p50"], at_most=10),
        Figure("photos_answered_of_2", run["photos_answered"], at_least=2),
        Figure("health_check_exit_code", run["health_check"], at_most=0),
        Figure("runs_as_the_user_of_the_image", run["user"]["uid"] == int(user) != 0, at_least=1),
        Figure("capabilities", run["user"]["capabilities"], at_most=0),
        Figure("folders_that_can_be_written", len(run["writable"]), at_most=0),
        Figure("installers_and_compilers", len(run["tools"]), at_most=0),
        Figure("programs_that_lend_rights", len(run["lenders"]), at_most=0),
        Figure("secrets_in_layers", len(found), at_most=0),
        Figure("stop_seconds", run["stop_s"], at_most=2),
    ]
    detail = {"base": f"Debian {SUITE} by debootstrap", "layers": len(layers), "found": found}
    return figures, {
        **detail,
        "runtime": {key: config[key] for key in ("User", "Entrypoint", "StopSignal")},
        **run,
    }


class _Builder:
    """buildah with a storage of its own in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._buildah = ("buildah", "--root", f"{folder}/store", "--runroot", f"{folder}/run")

    def make_base(self) -> None:
        """Make BASE: a Debian with Python, and nothing of this machine in it."""
        root = self._folder / "base"
        packages = "--include=python3,python3-venv,ca-certificates"
        _quietly("debootstrap", "--variant=minbase", packages, SUITE, str(root))
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
        context = secrets.context(self._folder)
        bundle = ssl.get_default_verify_paths().cafile or CERTIFICATES
        self._do(
            *("build", "--isolation", "chroot", "--format", "docker", "--layers", "--tag", IMAGE),
            *("--build-arg", f"BASE={BASE}", "--volume", f"{bundle}:{CERTIFICATES}:ro"),
            *(f"--secret=id={name},src={file}" for name, file in secrets.files.items()),
            *("--ignorefile", f"{DOCKERFILE}.dockerignore", "--file", str(DOCKERFILE), str(context)),
        )

    def config(self) -> dict[str, Any]:
        """The image's configuration: user, variables, entry point, health check."""
        image = json.loads(self._do("inspect", "--type", "image", IMAGE))
        config: dict[str, Any] = image["Docker"]["config"]
        return {**config, "History": image["Docker"].get("history", [])}

    def layers(self) -> list[Path]:
        """Its layers as they would be pushed, each a compressed archive."""
        folder = self._folder / "pushed"
        self._do("push", "--format", "v2s2", "--disable-compression=false", IMAGE, f"dir:{folder}")
        manifest = json.loads((folder / "manifest.json").read_text())
        return [folder / layer["digest"].removeprefix("sha256:") for layer in manifest["layers"]]

    def root(self) -> Path:
        """The file system that a container of it sees."""
        return Path(self._do("mount", self._do("from", IMAGE)))

    def close(self) -> None:
        """Let go of what is mounted."""
        self._do("rm", "--all")

    def _do(self, command: str, *arguments: str) -> str:
        return _quietly(*self._buildah, command, *arguments).strip()


def _run(root: Path, config: dict[str, Any]) -> dict[str, Any]:
    run = subprocess.run(
        ["unshare", "--net", sys.executable, "-m", "tests.bench.container", str(root)],
        input=json.dumps(config),
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        check=True,
    )
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def _quietly(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        sys.exit(f"{command[0]} failed:\n{said}")
    return done.stdout


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
