"""`flight-check`: would this archive fly as an endpoint?"""

import argparse
import tempfile
from pathlib import Path

from . import flight, static


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--instance-type", default="ml.t2.medium", help="default: %(default)s")


def run(given: argparse.Namespace) -> list[str]:
    """Check the archive, serve it and ask it; the lines to print."""
    return check(given.archive, given.instance_type)


def check(archive: Path, instance_type: str) -> list[str]:
    """Raise what refuses the archive; return what was measured."""
    with tempfile.TemporaryDirectory(prefix="blip2-flight-") as name:
        folder = Path(name)
        static.unpack(archive, folder)
        needed = static.check(folder, instance_type)
        return [f"{instance_type}: about {needed:.1f} GiB needed", *flight.fly(folder)]
