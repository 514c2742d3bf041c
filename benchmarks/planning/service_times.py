"""`python -m benchmarks.planning.service_times`: the demo model by photos and by requests of a batch.

Requests go through the archive's handlers with one thread of torch. Seconds are those of the processor, so
that other work on the machine does not count; each is the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.figures import FIGURES, Figure, keep, say, show
from model_artifacts.blip2_demo import MODEL
from model_artifacts.blip2_demo.drawing.drawing import draw
from model_artifacts.blip2_demo.training.evaluate import handlers, request

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTS = (1, 2, 4, 8)
PHOTO = (480, 360)


def bodies(requests: int, photos: int) -> list[str]:
    """Return the service's requests about drawn goods, each of so many photos."""
    return [
        json.dumps(request([draw(number * photos + one, PHOTO).image for one in range(photos)]))
        for number in range(requests)
    ]


def seconds(inference: Any, model: Any, texts: Sequence[str]) -> float:
    """Answer the requests in one batch; return the processor's seconds."""
    begun = time.process_time()
    answers = inference.predict_batch([inference.input_fn(text) for text in texts], model)
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
        inference.output_fn(answer)
    return time.process_time() - begun


def main(arguments: Sequence[str] = ()) -> None:
    """Measure, print one line per figure, and keep the run in docs/figures/planning-service-times.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    inference = handlers()
    model = inference.model_fn(str(MODEL))
    shapes = {f"{photos}_photos": bodies(1, photos) for photos in COUNTS}
    shapes |= {f"{requests}_requests": bodies(requests, 1) for requests in COUNTS}
    taken: dict[str, list[float]] = {name: [] for name in shapes}
    for number in range(options.rounds + 1):
        for name, texts in shapes.items():
            one = seconds(inference, model, texts)
            if number:  # the first round warms up
                taken[name].append(one)
        say(f"round {number} of {options.rounds}", again=True)
    figures = [Figure(f"demo_{name}_ms", round(1000 * median(found), 1)) for name, found in taken.items()]
    keep(FIGURES / "planning-service-times.json", figures, {"rounds": options.rounds, "threads": 1})
    show(figures)


if __name__ == "__main__":
    main(sys.argv[1:])
