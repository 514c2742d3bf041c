"""`container`: image and environment of the PyTorchModel as JSON; needs no account."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--region", required=True)
    parser.add_argument("--instance-type", required=True, metavar="TYPE", help="such as ml.g4dn.xlarge")
    parser.add_argument("--image-uri", metavar="URI", help="in place of AWS's PyTorch image")


def run(given: argparse.Namespace) -> list[str]:
    """The container's definition, one JSON document."""
    # As it is imported, the SDK looks for credentials: in a profile, and on EC2 by the network.
    os.environ.pop("AWS_PROFILE", None)
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    # And it logs to standard output, which is for the answer.
    with contextlib.redirect_stdout(sys.stderr):
        from ..definition import container

        found = container(region=given.region, instance_type=given.instance_type, image_uri=given.image_uri)
    return [json.dumps(found, indent=2)]
