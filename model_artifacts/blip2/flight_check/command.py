"""`flight-check`: would this archive fly as an endpoint?"""

import argparse
import sys
import tempfile
from pathlib import Path

from . import flight, static
from .environment import environment


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--instance-type", default="ml.t2.medium", help="default: %(default)s")
    parser.add_argument(
        "--here",
        action="store_true",
        help="use the packages of this environment: faster, and blind to a requirement that is missing",
    )


def run(given: argparse.Namespace) -> list[str]:
    """Check the archive, serve it and ask it; the lines to print."""
    return check(given.archive, given.instance_type, here=given.here)


def check(archive: Path, instance_type: str, *, here: bool = False) -> list[str]:
    """Raise what refuses the archive; return what was measured."""
    with tempfile.TemporaryDirectory(prefix="blip2-flight-") as name:
        folder = Path(name)
        _say("unpacking")
        static.unpack(archive, folder)
        _say("looking through handlers, weights, hashes and requirements")
        needed = static.check(folder, instance_type)
        _say("installing what it requires, where that was not done before")
        python = Path(sys.executable) if here else environment(folder / "code" / "requirements.txt")
        _say("serving and asking")
        return [f"{instance_type}: about {needed:.1f} GiB needed", *flight.fly(folder, python)]


def _say(text: str) -> None:
    sys.stderr.write(f"flight-check: {text}\n")
