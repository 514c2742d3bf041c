"""`python -m benchmarks.image`: builds our images without an engine, inspects their layers, and runs them.

Needs root on Debian or Ubuntu, `apt-get install buildah debootstrap iproute2`, 20 GB of disk for some
minutes, the Debian package archive and a Python package index. The base images are made here by debootstrap.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, keep, say, show
from benchmarks.image.build import Builder
from benchmarks.image.images import IMAGES, Image
from benchmarks.image.secret_search import Secrets, contains, find_secrets, unpacked_mb
from local.home import REPOSITORY, TOOLS

PROGRAMS = ("buildah", "debootstrap", "unshare", "ip")


def main() -> None:
    """Measure, print one line per figure, keep each image's run in docs/figures/image-NAME.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.image", description=__doc__)
    parser.add_argument("--image", choices=sorted(IMAGES), help="default: both")
    chosen = parser.parse_args().image
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if platform.system() != "Linux" or os.geteuid() != 0 or missing:
        sys.exit(
            "Run this as root on Debian or Ubuntu, after `apt-get install buildah debootstrap iproute2`."
            + (f" Missing: {', '.join(missing)}." if missing else "")
        )
    TOOLS.mkdir(exist_ok=True)
    for image in [IMAGES[chosen]] if chosen else IMAGES.values():
        with tempfile.TemporaryDirectory(prefix="image-", dir=TOOLS) as folder:
            figures, detail = _measure(Path(folder), image)
        keep(image.record, figures, detail)
        show(figures)


def _measure(folder: Path, image: Image) -> tuple[list[Figure], dict[str, Any]]:
    builder = Builder(folder, image)
    try:
        return _figures(builder, Secrets.planted(folder), image)
    finally:
        builder.close()


def _figures(builder: Builder, secrets: Secrets, image: Image) -> tuple[list[Figure], dict[str, Any]]:
    _say(image, f"making the base: Debian {image.suite}")
    builder.make_base()
    _say(image, "building the image")
    begun = time.monotonic()
    builder.build(secrets)
    build_s = time.monotonic() - begun
    config = builder.config()
    _say(image, "searching its layers for secrets")
    layers = builder.layers()
    if not contains(layers, image.code.read_bytes()):
        sys.exit(f"The search does not find {image.code.name} in the layers: it would miss secrets, too.")
    user = config["User"].partition(":")[0]
    sizes = [unpacked_mb(layer) for layer in layers]
    # The base layer is public; its libraries contain the keys of their self-tests.
    found = find_secrets(layers[1:], json.dumps(config).encode(), secrets)
    _say(image, "running it unprivileged and read-only, as the first process in a network namespace")
    run = _run(image, builder.root(), config)
    figures = [
        Figure("image_mb", sum(sizes)),
        # The first layer is the base, which differs in AWS.
        Figure("image_mb_over_base", sum(sizes[1:]), at_most=image.over_base_mb),
        Figure("image_mb_to_pull", sum(layer.stat().st_size for layer in layers) / 1e6),
        Figure("build_seconds", build_s),
        Figure("start_to_200_seconds_p50", run["start_s"]["p50"], at_most=image.start_s),
        *image.figures(run),
        Figure("health_check_exit_code", run["health_check"], at_most=0),
        Figure("runs_as_the_user_of_the_image", run["user"]["uid"] == int(user) != 0, at_least=1),
        Figure("capabilities", run["user"]["capabilities"], at_most=0),
        Figure("folders_that_can_be_written", len(run["writable"]), at_most=image.writable),
        Figure("installers_and_compilers", len(run["tools"]), at_most=0),
        Figure("programs_that_lend_rights", len(run["setuid"]), at_most=0),
        Figure("secrets_in_layers", len(found), at_most=0),
        Figure("stop_seconds", run["stop_s"], at_most=2),
    ]
    detail = {"base": f"Debian {image.suite} by debootstrap", "layers": len(layers), "found": found}
    return figures, {
        **detail,
        "runtime": {key: config[key] for key in ("User", "Entrypoint", "StopSignal")},
        **run,
    }


def _run(image: Image, root: Path, config: dict[str, Any]) -> dict[str, Any]:
    run = subprocess.run(
        ["unshare", "--net", sys.executable, "-m", "benchmarks.image.run", image.name, str(root)],
        input=json.dumps(config),
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        check=True,
    )
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def _say(image: Image, line: str) -> None:
    say(f"{image.name}: {line}")


if __name__ == "__main__":
    main()
