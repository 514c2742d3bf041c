"""`python -m benchmarks.photo_eyes`: how often the demo's model for photographs is right, and its cost."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import catalogue
from benchmarks.figures import FIGURES, Figure, keep, say, show
from benchmarks.photo_eyes.photos import PARTS, Part, Photo, count, photos
from model_artifacts.blip2_demo import MODEL as DRAWN_MODEL
from model_artifacts.blip2_demo.training.evaluate import handlers
from model_artifacts.blip2_photo import MODEL
from services.core.domain.observation import Observation
from services.core.domain.recognition import recognise
from services.core.photos.photo import prepare
from services.core.vision.answer import parse_observation
from services.core.vision.endpoint import request_body
from settings.model import Catalogue

KEPT = FIGURES / "photo-eyes.json"
GOODS = catalogue.load(catalogue.PHOTO)
SENT_LARGE = Catalogue(goods="photo").large_photos
SURE = 0.6
AT_LEAST = {"first": 14 / 24, "first_five": 20 / 24, "others_unknown": 15 / 21}
AT_MOST = {"sure_and_wrong": 0.05, "cpu_s_per_photo": 0.3, "longer_start_s": 1.0}


@dataclass(frozen=True)
class Seen:
    """A photograph and what the model answers about it."""

    photo: Photo
    observation: Observation

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds that it answers, likeliest first."""
        return [kind.id for kind in self.observation.kinds]

    @cached_property
    def named(self) -> str | None:
        """The kind that a report would state."""
        kind = recognise(self.observation, GOODS).kind
        return kind.id if kind else None

    @property
    def sure_and_wrong(self) -> bool:
        """Whether a wrong kind has more than `SURE`."""
        return self.observation.kinds[0].p > SURE and self.kinds[0] != self.photo.kind


def main() -> None:
    """Query the handlers, print one line per figure, and keep the run in docs/figures/photo-eyes.json.

    A run without some of the photographs, or of another model, is not kept.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photo_eyes", description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="only these photographs")
    parser.add_argument("--model", type=Path, default=MODEL, help="default: the committed one")
    parser.add_argument("--show", action="store_true", help="print what is said about each photograph")
    options = parser.parse_args()
    inference = handlers()
    _loaded(inference, DRAWN_MODEL)  # the first one also imports what loading needs
    drawn_start, _ = _loaded(inference, DRAWN_MODEL)
    start, model = _loaded(inference, options.model)
    parts: Sequence[Part] = options.part or PARTS
    listed = [photo for photo in photos() if photo.part in parts]
    began = time.process_time()
    found = [Seen(photo, _observation(inference, model, photo)) for photo in listed]
    cpu_s = (time.process_time() - began) / len(found)
    if options.show:
        for one in found:
            top = ", ".join(f"{kind.id} {kind.p:.2f}" for kind in one.observation.kinds[:3])
            print(f"{one.photo.kind or '-':18} {one.photo.name:32} {one.named or 'unknown':18} {top}")  # noqa: T201
    values = {"cpu_s_per_photo": cpu_s, "longer_start_s": start - drawn_start}
    for part in parts:
        own = figures_of([one for one in found if one.photo.part == part])
        values |= {f"{part}_{name}": value for name, value in own.items()}
    figures = [_with_goal(name, value, parts) for name, value in values.items()]
    if len(found) < count() or options.model != MODEL:
        say(f"{KEPT.name} stays as it is: it is of the committed model and {count()} photographs")
    else:
        keep(KEPT, figures, {"catalogue": GOODS.version})
    show(figures)


def figures_of(found: Sequence[Seen]) -> dict[str, float]:
    """How many goods and other things there are, and the shares that are right."""
    goods = [one for one in found if one.photo.kind is not None]
    others = [one for one in found if one.photo.kind is None]
    return {
        "goods": len(goods),
        "others": len(others),
        "first": sum(one.kinds[0] == one.photo.kind for one in goods) / len(goods),
        "first_five": sum(one.photo.kind in one.kinds for one in goods) / len(goods),
        "named_right": sum(one.named == one.photo.kind for one in goods) / len(goods),
        "others_unknown": sum(one.named is None for one in others) / len(others),
        "sure_and_wrong": sum(one.sure_and_wrong for one in found) / len(found),
    }


def _with_goal(name: str, value: float, parts: Sequence[Part]) -> Figure:
    plain = next((name.removeprefix(f"{part}_") for part in parts if name.startswith(part)), name)
    return Figure(name, value, at_least=AT_LEAST.get(plain), at_most=AT_MOST.get(plain))


def _loaded(inference: Any, folder: Path) -> tuple[float, Any]:
    """The seconds of CPU that loading takes, and the model."""
    began = time.process_time()
    model = inference.model_fn(str(folder))
    return time.process_time() - began, model


def _observation(inference: Any, model: Any, photo: Photo) -> Observation:
    sent = prepare(photo.content, photo.name, large=SENT_LARGE).model_jpeg
    body = request_body([sent], GOODS, 0)
    answer, _ = inference.output_fn(inference.predict_fn(inference.input_fn(body), model))
    return parse_observation(answer.encode(), 1, GOODS, 0)


if __name__ == "__main__":
    main()
