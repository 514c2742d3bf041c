"""`python -m benchmarks.tiles`: what asking about wear on a photo's quarters costs the demo model.

One photo of 768 pixels goes through the archive's handlers without and with tiles, in turn. The passes are
pictures that the vision tower encodes; seconds are medians, with one thread.
"""

import argparse
import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch

from benchmarks.figures import FIGURES, Figure, keep, show
from catalogue import DRAWN, load
from local.home import REPOSITORY
from model_artifacts.blip2_demo import MODEL
from model_artifacts.blip2_demo.training.evaluate import handlers
from services.core.photos.photo import prepare
from services.core.vision.endpoint import request_body

TILES = 4
PHOTO = REPOSITORY / "examples" / "photos" / "drawn-mug.jpg"


@contextmanager
def counted_pictures(blip: Any) -> Iterator[list[int]]:
    """Count the pictures that the vision tower encodes, a number for each call of it."""
    counts: list[int] = []

    def count(_module: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        counts.append(len(named["pixel_values"] if "pixel_values" in named else given[0]))

    hook = blip.vision_model.register_forward_pre_hook(count, with_kwargs=True)
    try:
        yield counts
    finally:
        hook.remove()


def request(tiles: int) -> bytes:
    """Return the service's request about the photo, with this many tiles."""
    photo = prepare(PHOTO.read_bytes(), PHOTO.name)
    asked = json.loads(request_body([photo.model_jpeg], load(DRAWN), tiles))
    # Without tiles the service sends fewer pixels; the same photo compares the model's work alone.
    asked["photos"] = [base64.b64encode(photo.stored_jpeg).decode("ascii")]
    return json.dumps(asked).encode()


def main() -> None:
    """Measure, print one line per figure, and keep the run in docs/figures/tiles.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tiles", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="default: %(default)s")
    options = parser.parse_args()
    torch.set_num_threads(1)
    inference = handlers()
    model = inference.model_fn(str(MODEL))
    bodies = {tiles: request(tiles) for tiles in (0, TILES)}
    seconds: dict[int, list[float]] = {tiles: [] for tiles in bodies}
    passes = {}
    for tiles, body in bodies.items():
        with counted_pictures(model.scorer.blip) as counts:
            inference.predict_fn(inference.input_fn(body), model)
        passes[tiles] = sum(counts)
    for _ in range(options.rounds):
        for tiles, body in bodies.items():
            begun = time.perf_counter()
            inference.predict_fn(inference.input_fn(body), model)
            seconds[tiles].append(time.perf_counter() - begun)
    whole, parts = (median(seconds[tiles]) for tiles in bodies)
    figures = [
        Figure("vision_passes_without_tiles", passes[0], at_most=1),
        Figure("vision_passes_with_4_tiles", passes[TILES], at_most=1 + TILES),
        Figure("milliseconds_without_tiles", round(1000 * whole, 1)),
        Figure("milliseconds_with_4_tiles", round(1000 * parts, 1)),
        Figure("tiles_over_none", parts / whole, at_most=1 + TILES),
    ]
    keep(FIGURES / "tiles.json", figures, {"rounds": options.rounds})
    show(figures)


if __name__ == "__main__":
    main()
