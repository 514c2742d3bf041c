"""The recipe's commands: `python -m model_artifacts.blip2_demo draw|label|train|evaluate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.entry import run_commands
from cli.errors import UserError

from . import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

PRECISION = 0.995
"""Of the answers above a threshold: drawn goods are easy, and stranger things are still to stay unknown."""
TRAINING = Path(__file__).resolve().parents[2] / ".vitrine" / "training"
_PATH = click.Path(path_type=Path)
_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Draw and label goods, train the demo model on them, and evaluate it."""


@commands.command()
@click.argument("seed", type=int)
@click.argument("file", type=_PATH)
@click.option("--size", type=(int, int), default=(1600, 1200), show_default=True, metavar="WIDTH HEIGHT")
@click.option("--type", "kind", help="default: by the seed")
@click.option("--material", help="default: by the seed")
@click.option("--wear", multiple=True, metavar="TAG", help="repeat for several tags; default: by the seed")
@click.option("--no-wear", is_flag=True, help="without wear")
def draw(
    seed: int,
    file: Path,
    size: tuple[int, int],
    kind: str | None,
    material: str | None,
    wear: tuple[str, ...],
    no_wear: bool,
) -> None:
    """Draw the good of SEED to FILE, and print its caption."""
    from .drawing.drawing import draw

    tags = wear if wear or no_wear else None
    drawing = draw(seed, size, aspect=size[0] / size[1], type=kind, material=material, wear=tags)
    drawing.image.save(file, quality=85)
    click.echo(f"{file}: {drawing.caption}")


@commands.command()
@click.option("--count", default=1000, show_default=True, help="photos")
@click.option("--out", type=_PATH, required=True, metavar="FOLDER", help="of the photos and labelled.csv")
def label(count: int, out: Path) -> None:
    """Draw held-out goods and label them, for `python -m model_artifacts.blip2 calibrate`."""
    from .drawing.labelling import label

    click.echo(label(count, out))


@commands.command()
@click.option("--minutes", default=45.0, show_default=True, help="of the vision stage, in all runs together")
@click.option("--language-minutes", default=24.0, show_default=True, help="of the language stage")
@click.option("--chunks", default=30, show_default=True, help="of 2,048 pictures for the vision stage")
@click.option("--language-chunks", default=14, show_default=True, help="for the language stage")
@click.option("--processes", default=2, show_default=True, help="that draw at the same time")
@click.option("--start", type=_FOLDER, help="a model with the initial weights; default: random weights")
@click.option("--target", type=_PATH, default=MODEL, help="the folder to write; default: the demo model")
def train(
    minutes: float,
    language_minutes: float,
    chunks: int,
    language_chunks: int,
    processes: int,
    start: Path | None,
    target: Path,
) -> None:
    """Train the model; a stopped run resumes at its last checkpoint."""
    import torch

    from ..blip2.tools.calibration.command import calibrate
    from .drawing.labelling import label as label_goods
    from .training import evaluate, language, pool, vision

    torch.set_num_threads(1)
    pool.write_chunks(TRAINING / "pool", pool.TRAINING_SEED, chunks, processes)
    pool.write_chunks(TRAINING / "language", pool.LANGUAGE_SEED, language_chunks, processes)
    vision.train(TRAINING, minutes, start)
    language.train(TRAINING, target, language_minutes)
    photos = label_goods(1000, TRAINING / "labelled")
    calibrate(str(target), photos, catalogue="drawn", precision=PRECISION)
    figures = evaluate.evaluate(target, count=500)
    path = target / "manifest.json"
    manifest = json.loads(path.read_text("utf-8")) | {"held_out": figures}
    path.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


@commands.command()
@click.option("--count", default=400, show_default=True, help="goods beside the fixed twenty")
@click.option("--model", type=_FOLDER, default=MODEL, help="default: the demo model")
def evaluate(count: int, model: Path) -> None:
    """Measure accuracy on held-out goods, through the endpoint's handlers."""
    from .training.evaluate import evaluate

    evaluate(model, count)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one step of the recipe and return its exit status."""
    return run_commands(commands, arguments, program="python -m model_artifacts.blip2_demo", explain=_explain)


def _explain(error: Exception) -> UserError | None:
    return UserError(str(error)) if isinstance(error, (OSError, ValueError)) else None


if __name__ == "__main__":
    sys.exit(main())
