"""`python -m benchmarks.image`: build our images without an engine, look into them, and run them.

For root on Debian or Ubuntu with `apt-get install buildah debootstrap iproute2`; needs 20 GB for some
minutes, Debian's packages and a Python package index. The bases are Debians made here.
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

from benchmarks.builder import Builder
from benchmarks.figures import Figure, keep
from benchmarks.layers import Secrets, findings, holds, unpacked_mb
from benchmarks.subjects import SUBJECTS, Subject
from local.home import REPOSITORY, TOOLS

PROGRAMS = ("buildah", "debootstrap", "unshare", "ip")


def main() -> None:
    """Measure, print one line per figure, keep each image's run in docs/figures/image-NAME.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.image", description=__doc__)
    parser.add_argument("--image", choices=sorted(SUBJECTS), help="one of them; default: both")
    image = parser.parse_args().image
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if platform.system() != "Linux" or os.geteuid() != 0 or missing:
        sys.exit(
            "This runs as root on Debian or Ubuntu, after `apt-get install buildah debootstrap iproute2`."
            + (f" Missing: {', '.join(missing)}." if missing else "")
        )
    TOOLS.mkdir(exist_ok=True)
    for subject in [SUBJECTS[image]] if image else SUBJECTS.values():
        with tempfile.TemporaryDirectory(prefix="image-", dir=TOOLS) as folder:
            figures, detail = _measure(Path(folder), subject)
        keep(subject.record, figures, detail)
        for figure in figures:
            print(figure.line())  # noqa: T201


def _measure(folder: Path, subject: Subject) -> tuple[list[Figure], dict[str, Any]]:
    builder = Builder(folder, subject)
    try:
        return _figures(builder, Secrets.planted(folder), subject)
    finally:
        builder.close()


def _figures(builder: Builder, secrets: Secrets, subject: Subject) -> tuple[list[Figure], dict[str, Any]]:
    _say(subject, f"making a base: Debian {subject.suite}")
    builder.make_base()
    _say(subject, "building the image")
    begun = time.monotonic()
    builder.build(secrets)
    build_s = time.monotonic() - begun
    config = builder.config()
    _say(subject, "looking into its layers")
    layers = builder.layers()
    if not holds(layers, subject.code.read_bytes()):
        sys.exit("The layers do not hold the image's own code: whoever looks there sees nothing.")
    user = config["User"].partition(":")[0]
    sizes = [unpacked_mb(layer) for layer in layers]
    # What lies in the base is public: libraries carry the keys of their self-tests.
    found = findings(layers[1:], json.dumps(config).encode(), secrets)
    _say(subject, "running it: unprivileged, read-only, as the first process of a network of its own")
    run = _run(subject, builder.root(), config)
    figures = [
        Figure("image_mb", sum(sizes)),
        # The first layer is the base, another one in AWS.
        Figure("image_mb_over_base", sum(sizes[1:]), at_most=subject.over_base_mb),
        Figure("image_mb_to_pull", sum(layer.stat().st_size for layer in layers) / 1e6),
        Figure("build_seconds", build_s),
        Figure("start_to_200_seconds_p50", run["start_s"]["p50"], at_most=subject.start_s),
        *subject.figures(run),
        Figure("health_check_exit_code", run["health_check"], at_most=0),
        Figure("runs_as_the_user_of_the_image", run["user"]["uid"] == int(user) != 0, at_least=1),
        Figure("capabilities", run["user"]["capabilities"], at_most=0),
        Figure("folders_that_can_be_written", len(run["writable"]), at_most=subject.writable),
        Figure("installers_and_compilers", len(run["tools"]), at_most=0),
        Figure("programs_that_lend_rights", len(run["lenders"]), at_most=0),
        Figure("secrets_in_layers", len(found), at_most=0),
        Figure("stop_seconds", run["stop_s"], at_most=2),
    ]
    detail = {"base": f"Debian {subject.suite} by debootstrap", "layers": len(layers), "found": found}
    return figures, {
        **detail,
        "runtime": {key: config[key] for key in ("User", "Entrypoint", "StopSignal")},
        **run,
    }


def _run(subject: Subject, root: Path, config: dict[str, Any]) -> dict[str, Any]:
    run = subprocess.run(
        ["unshare", "--net", sys.executable, "-m", subject.observer, str(root)],
        input=json.dumps(config),
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        check=True,
    )
    result: dict[str, Any] = json.loads(run.stdout)
    return result


def _say(subject: Subject, line: str) -> None:
    print(f"{subject.name}: {line}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
