"""The recipe's command: `python -m model_artifacts.blip2_photo train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.entry import run_commands
from cli.errors import UserError

from . import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

STEPS = 3000
TRAINING = Path(__file__).resolve().parents[2] / ".vitrine" / "training-photo"
_PATH = click.Path(path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Make the demo's model for photographs."""


@commands.command()
@click.option("--steps", type=click.IntRange(1), default=STEPS, show_default=True, help="of 64 made pictures")
@click.option("--folder", type=_PATH, default=TRAINING, help="of the fetched weights and the checkpoint")
@click.option("--target", type=_PATH, default=MODEL, help="the folder to write; default: the demo's model")
def train(steps: int, folder: Path, target: Path) -> None:
    """Fetch and convert the vision tower, train what reads it, and write the model.

    A stopped run resumes at its last checkpoint, if classes, catalogue, sizes and steps are the same as
    then. Takes ten minutes on one core.
    """
    import torch

    from . import conversion, training

    torch.set_num_threads(1)
    training.train(conversion.fetched(folder / "wheel"), folder, target, steps)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step of the recipe and return its exit status."""
    return run_commands(
        commands, arguments, program="python -m model_artifacts.blip2_photo", explain=_explain
    )


def _explain(error: Exception) -> UserError | None:
    return UserError(str(error)) if isinstance(error, (OSError, ValueError)) else None


if __name__ == "__main__":
    sys.exit(main())
