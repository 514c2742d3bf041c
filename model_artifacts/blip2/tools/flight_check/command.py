"""`flight-check`: would this archive fly as an endpoint?"""

import argparse
import sys
from pathlib import Path

from ..packages_inside import take_out_foreign
from ..unpacked import Unpacked, unpacked
from . import flight, static
from .environment import TORCHSERVE, environment
from .refusals import OtherAnswerError
from .torchserve import need_java, torchserve

# The same handlers on the same photo: all that may differ is how many threads added up the same numbers.
_SAME = 1e-4


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--instance-type", default="ml.t2.medium", help="default: %(default)s")
    parser.add_argument(
        "--here",
        action="store_true",
        help="use the packages of this environment: faster, and blind to a requirement that is missing",
    )
    parser.add_argument(
        "--torchserve",
        action="store_true",
        help="ask the server of AWS's last PyTorch image too, which needs Java, and compare the answers",
    )


def run(given: argparse.Namespace) -> list[str]:
    """Check the archive, serve it and ask it; the lines to print."""
    return check(given.archive, given.instance_type, here=given.here, aws_server=given.torchserve)


def check(archive: Path, instance_type: str, *, here: bool = False, aws_server: bool = False) -> list[str]:
    """Raise what refuses the archive; return what was measured."""
    if aws_server:
        need_java()
    _say("unpacking")
    with unpacked(archive) as inside:
        _say("looking through handlers, weights, hashes and requirements")
        needed = static.check(inside.folder, instance_type)
        disk = sum(file.stat().st_size for file in inside.folder.rglob("*") if file.is_file())
        requirements = inside.folder / "code" / "requirements.txt"
        if foreign := take_out_foreign(requirements.parent):
            _say("its packages are for the container: the same versions for this machine take their place")
            requirements.write_text("".join(f"{line}\n" for line in foreign), "utf-8")
        _say("installing what it requires, where that was not done before")
        python = Path(sys.executable) if here else environment(requirements)
        _say("serving and asking")
        flown = flight.fly(inside, python)
        return [
            f"{instance_type}: about {needed:.1f} GiB needed, disk {disk / 1e6:,.1f} MB",
            f"our own server: {_measured(flown)}",
            *(_compared(inside, requirements, flown) if aws_server else ()),
            f"{flown.observation.artifact}: {flown.observation.caption}",
        ]


def _compared(inside: Unpacked, requirements: Path, own: flight.Flight) -> list[str]:
    _say("installing AWS's server, where that was not done before")
    python = environment(requirements, TORCHSERVE)
    _say("serving by TorchServe and asking again")
    flown = flight.fly(inside, python, torchserve)
    difference = flight.largest_difference(own.observation, flown.observation)
    if difference > _SAME:
        raise OtherAnswerError(
            f"{inside.archive}: TorchServe differs from our own server by {difference:.2g} in a probability"
        )
    same = "the same answers" if difference == 0 else f"the same answers to within {difference:.1g}"
    return [f"TorchServe: {_measured(flown)}; {same}"]


def _measured(flown: flight.Flight) -> str:
    return (
        f"ready after {flown.ready_after_s:.1f} s, first answer {flown.first_answer_s:.2f} s, "
        f"peak memory {flown.peak_memory / 1e6:,.0f} MB"
    )


def _say(text: str) -> None:
    sys.stderr.write(f"flight-check: {text}\n")
