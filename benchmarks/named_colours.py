"""`python -m benchmarks.named_colours`: how often the colour measured from pixels is right, and its cost.

The goods are drawn with known colours; the photos are also lit by other exposures and by coloured light.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator

from PIL import Image

from benchmarks.figures import FIGURES, Figure, keep, show
from model_artifacts.blip2_demo.drawing.drawing import draw
from services.core.domain.colours import NEIGHBOURS, Colours, Pixels
from services.core.photos.named_colours import measure
from services.core.photos.photo import MODEL_PX

# Seeds that no other figure uses; the bounds of the measurement were chosen on others.
_FIRST = 1_200_000
_SIZE = (MODEL_PX, MODEL_PX * 3 // 4)
# What each channel is multiplied by.
_LIGHTS = {
    "plain": (1.0, 1.0, 1.0),
    "brighter": (1.2, 1.2, 1.2),
    "darker": (0.8, 0.8, 0.8),
    "warm": (1.1, 1.0, 0.85),
    "cool": (0.88, 1.0, 1.08),
}
_AT_LEAST = {
    "plain_right_or_near": 0.88,
    "plain_confirmed": 0.85,
    "brighter_confirmed": 0.8,
    "darker_confirmed": 0.8,
    "warm_confirmed": 0.75,
    "cool_confirmed": 0.75,
    "others_contradicted": 0.5,
}
_AT_MOST = {"plain_contradicted": 0.02, "others_confirmed": 0.08, "ms_per_photo": 5.0}


def main() -> None:
    """Measure drawn goods, print one line per figure, and keep the run in docs/figures/named-colours.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.named_colours", description=__doc__)
    parser.add_argument("--count", type=int, default=600, help="goods (default: %(default)s)")
    count = parser.parse_args().count
    found: dict[str, list[tuple[str, Colours]]] = {light: [] for light in _LIGHTS}
    spent_s = 0.0
    for colour, picture in _goods(count):
        for light, factors in _LIGHTS.items():
            lit = _lit(picture, factors)
            started = time.process_time()
            found[light].append((colour, measure(lit)))
            spent_s += time.process_time() - started
    values = {name: value for light, goods in found.items() for name, value in _figures(light, goods).items()}
    values |= _of_others(found["plain"])
    values["ms_per_photo"] = 1000 * spent_s / sum(map(len, found.values()))
    figures = [
        Figure(name, value, at_least=_AT_LEAST.get(name), at_most=_AT_MOST.get(name))
        for name, value in values.items()
    ]
    keep(FIGURES / "named-colours.json", figures, {"goods": len(found["plain"])})
    show(figures)


def _goods(count: int) -> Iterator[tuple[str, Image.Image]]:
    """So many goods in colours of their own: a clear one shows its ground."""
    seed = _FIRST
    while count:
        drawing = draw(seed, _SIZE, aspect=_SIZE[0] / _SIZE[1], outliers=0)
        seed += 1
        if drawing.colour in NEIGHBOURS:
            count -= 1
            yield drawing.colour, drawing.image


def _lit(picture: Image.Image, factors: tuple[float, float, float]) -> Image.Image:
    return picture.point([min(255, int(level * factor)) for factor in factors for level in range(256)])


def _figures(light: str, goods: list[tuple[str, Colours]]) -> dict[str, float]:
    """Of the most frequent colour, and of what it says to the true one."""
    counts: Counter[str] = Counter()
    for colour, measured in goods:
        first = measured[0][0] if measured else None
        named = "silent" if first is None else "right" if first == colour else "wrong"
        counts["near" if first in NEIGHBOURS[colour] else named] += 1
        pixels = Pixels.of([measured])
        counts["confirmed"] += pixels.agree(colour)
        counts["contradicted"] += pixels.contradict(colour)
    counts["right_or_near"] = counts["right"] + counts["near"]
    names = ("right", "near", "right_or_near", "wrong", "silent", "confirmed", "contradicted")
    return {f"{light}_{name}": counts[name] / len(goods) for name in names}


def _of_others(goods: list[tuple[str, Colours]]) -> dict[str, float]:
    """What the pixels say to colours that are neither the true one nor a neighbour of it."""
    asked = [
        (Pixels.of([measured]), other)
        for colour, measured in goods
        for other in NEIGHBOURS.keys() - NEIGHBOURS[colour] - {colour}
    ]
    return {
        "others_confirmed": sum(pixels.agree(other) for pixels, other in asked) / len(asked),
        "others_contradicted": sum(pixels.contradict(other) for pixels, other in asked) / len(asked),
    }


if __name__ == "__main__":
    main()
