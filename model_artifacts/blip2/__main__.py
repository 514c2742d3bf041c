"""The artifact as commands: `python -m model_artifacts.blip2 COMMAND --help` says what each takes."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from .tools.errors import ArtifactError

COMMANDS = {
    "package": ("model_artifacts.blip2.tools.package", "build the archive; print its SHA-256 and its key"),
    "flight-check": (
        "model_artifacts.blip2.tools.flight_check.command",
        "serve an archive as SageMaker would, and ask it about a photo",
    ),
    "deploy": ("model_artifacts.blip2.tools.deploy", "the SDK's plain way to an endpoint that no stack owns"),
    "replay": (
        "model_artifacts.blip2.tools.replay",
        "put photos through two archives and show what would change",
    ),
    "watch": ("model_artifacts.blip2.tools.watch", "compare a pinned hub revision with the newest"),
    "container": (
        "model_artifacts.blip2.tools.container",
        "image and environment of the PyTorchModel, as JSON",
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns 1 when it cannot be done, and says why."""
    words = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m model_artifacts.blip2", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    # Only the chosen command's module is imported: some bring the SDK or torch.
    chosen = None
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if words[:1] == [name]:
            chosen = import_module(module)
            chosen.arguments(command)
    given = parser.parse_args(words)
    assert chosen is not None  # noqa: S101 - argparse has refused everything else
    try:
        lines: list[str] = chosen.run(given)
    except (ArtifactError, OSError, ValueError, ImportError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
