"""The recipe as commands: `python -m model_artifacts.blip2_demo draw|train|evaluate`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from . import MODEL
from .training.progress import say

ROOT = Path(__file__).resolve().parents[2]
TRAINING = ROOT / ".vitrine" / "training"


def main() -> None:
    """Run one step of the recipe."""
    parser = argparse.ArgumentParser(prog="python -m model_artifacts.blip2_demo", description=__doc__)
    steps = parser.add_subparsers(dest="step", required=True)
    drawing = steps.add_parser("draw", help="draw one good to a file")
    drawing.add_argument("seed", type=int)
    drawing.add_argument("file", type=Path)
    drawing.add_argument("--size", type=int, nargs=2, default=(1600, 1200), metavar=("WIDTH", "HEIGHT"))
    drawing.add_argument("--type")
    drawing.add_argument("--material")
    drawing.add_argument("--wear", nargs="*", help="wear tags; without it the seed chooses")
    training = steps.add_parser("train", help="train the model; goes on where a stopped run ended")
    training.add_argument(
        "--minutes", type=float, default=45, help="of the first stage, in all runs together"
    )
    training.add_argument("--language-minutes", type=float, default=24, help="of the second stage")
    training.add_argument("--chunks", type=int, default=30, help="of 2,048 pictures for the first stage")
    training.add_argument("--lessons", type=int, default=14, help="chunks for the second stage alone")
    training.add_argument("--processes", type=int, default=2, help="that draw at once")
    training.add_argument(
        "--start", type=Path, help="folder of a model to go on from; without it, fresh weights"
    )
    training.add_argument("--target", type=Path, default=MODEL)
    evaluation = steps.add_parser("evaluate", help="accuracy on held-out goods, through the served handlers")
    evaluation.add_argument("--count", type=int, default=400)
    evaluation.add_argument("--model", type=Path, default=MODEL)
    given = parser.parse_args()
    {"draw": _draw, "train": _train, "evaluate": _evaluate}[given.step](given)


def _draw(given: argparse.Namespace) -> None:
    from .drawing.drawing import draw

    width, height = given.size
    wear = None if given.wear is None else tuple(given.wear)
    drawing = draw(
        given.seed,
        (width, height),
        aspect=width / height,
        type=given.type,
        material=given.material,
        wear=wear,
    )
    drawing.image.save(given.file, quality=85)
    say(f"{given.file}: {drawing.caption}")


def _train(given: argparse.Namespace) -> None:
    import torch

    from .training import evaluate, language, pool, vision

    torch.set_num_threads(1)
    pool.write(TRAINING / "pool", pool.TRAINING_SEED, given.chunks, given.processes)
    pool.write(TRAINING / "lessons", pool.LESSON_SEED, given.lessons, given.processes)
    vision.train(TRAINING, given.minutes, given.start)
    language.train(TRAINING, given.target, given.language_minutes)
    evaluate.fit(given.target, count=500)
    figures = evaluate.evaluate(given.target, count=500)
    path = given.target / "manifest.json"
    manifest = json.loads(path.read_text("utf-8")) | {"held_out": figures}
    path.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def _evaluate(given: argparse.Namespace) -> None:
    from .training.evaluate import evaluate

    evaluate(given.model, given.count)


if __name__ == "__main__":
    main()
