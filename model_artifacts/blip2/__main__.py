"""The artifact as commands: `python -m model_artifacts.blip2 package|container`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from pathlib import Path

from . import packaging

DEMO = Path(__file__).resolve().parent / "demo" / "model"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns 1 when it cannot be done, and says why."""
    given = _parser().parse_args(arguments)
    try:
        lines = _package(given) if given.command == "package" else _container(given)
    except (packaging.PackagingError, OSError, ValueError, ImportError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _package(given: argparse.Namespace) -> list[str]:
    sha256 = packaging.build(given.out, given.model, with_packages=given.with_packages)
    return [f"sha256: {sha256}", f"key: {packaging.key(sha256)}"]


def _container(given: argparse.Namespace) -> list[str]:
    # As it is imported, the SDK looks for credentials: in a profile, and on EC2 by the network.
    os.environ.pop("AWS_PROFILE", None)
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    # And it logs to standard output, which is for the answer.
    with contextlib.redirect_stdout(sys.stderr):
        from .definition import container

        found = container(region=given.region, instance_type=given.instance_type, image_uri=given.image_uri)
    return [json.dumps(found, indent=2)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model_artifacts.blip2", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    package = commands.add_parser(
        "package",
        help=f"build {packaging.NAME}, and print its SHA-256 and its key in the artifact bucket",
    )
    package.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write the archive")
    package.add_argument(
        "--model",
        type=Path,
        default=DEMO,
        metavar="FOLDER",
        help="a BLIP-2's folder (default: the demo model)",
    )
    package.add_argument(
        "--with-packages",
        action="store_true",
        help="put the Python packages inside, for an endpoint with network isolation",
    )
    container = commands.add_parser(
        "container", help="print image and environment of the PyTorchModel as JSON; needs no account"
    )
    container.add_argument("--region", required=True)
    container.add_argument("--instance-type", required=True, metavar="TYPE", help="such as ml.g4dn.xlarge")
    container.add_argument("--image-uri", metavar="URI", help="in place of AWS's PyTorch image")
    return parser


if __name__ == "__main__":
    sys.exit(main())
