"""Evaluates a model on held-out drawn goods, through the handlers that the endpoint runs."""

from __future__ import annotations

import base64
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from PIL import Image

from services.core.domain.recognition import recognise
from services.core.vision.answer import parse_observation
from services.core.vision.endpoint import request_body

from ...blip2.tools.calibration.fitting import calibration_error
from ..drawing.drawing import TAGS, UNKNOWN, Drawing, draw
from ..drawing.out_of_distribution import OUT_OF_DISTRIBUTION
from .network import goods

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.core.domain.observation import Observation

CODE = Path(__file__).resolve().parents[2] / "blip2" / "code"
TWENTY = range(20)
"""The seeds of a fixed list of held-out goods, as in the README."""
HELD_OUT, UNSEEN = 100_000, 700_000
_PHOTO, _MODEL_SIDE = (480, 360), 384


def handlers() -> Any:
    """The artifact's own `inference` module, imported as SageMaker imports it."""
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))
    import inference

    return inference


def encode(photo: Image.Image) -> str:
    """A photo as the service sends it, in base64."""
    return base64.b64encode(_jpeg(photo)).decode()


def _jpeg(photo: Image.Image) -> bytes:
    small = photo.copy()
    small.thumbnail((_MODEL_SIDE, _MODEL_SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def request(photos: Sequence[Image.Image]) -> dict[str, Any]:
    """The service's request about photos of a good, as a JSON document."""
    return json.loads(request_body([_jpeg(photo) for photo in photos], goods(), 0))  # type: ignore[no-any-return]


def predict(inference: Any, model: Any, photos: Sequence[Image.Image]) -> dict[str, Any]:
    """One request through input_fn, predict_fn and output_fn."""
    body = json.dumps(request(photos))
    answer, _ = inference.output_fn(inference.predict_fn(inference.input_fn(body), model))
    return json.loads(answer)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Prediction:
    """A held-out good and what the model answers about it."""

    drawing: Drawing
    seen: Observation

    @property
    def type(self) -> str:
        """The kind by the service's open-set rule; `unknown` if the model is not sure of any."""
        kind = recognise(self.seen, goods()).kind
        return UNKNOWN if kind is None else kind.id

    @property
    def material(self) -> str:
        """The likeliest material."""
        return max(self.seen.material, key=self.seen.material.__getitem__)

    @property
    def wear(self) -> dict[str, float]:
        """The probability of each kind of wear."""
        return {tag: whole for tag, (whole, *_) in self.seen.wear[0].items()}

    def is_right(self, question: str) -> bool:
        """Whether `type` or `material` is as drawn."""
        return bool(getattr(self, question) == getattr(self.drawing, question))


def predictions(
    folder: Path, seeds: range, out_of_distribution: tuple[str, ...] = ()
) -> Iterator[Prediction]:
    """The predictions of the model in `folder` for the goods of these seeds, drawn as photos of 480 x 360.

    With `out_of_distribution`, the seeds draw these kinds in turn instead.
    """
    inference = handlers()
    model = inference.model_fn(str(folder))
    for number, seed in enumerate(seeds):
        kind = out_of_distribution[number % len(out_of_distribution)] if out_of_distribution else None
        drawing = draw(seed, _PHOTO, aspect=_PHOTO[0] / _PHOTO[1], out_of_distribution=kind)
        answer = json.dumps(predict(inference, model, [drawing.image])).encode()
        yield Prediction(drawing, parse_observation(answer, 1, goods(), 0))


def summary(found: list[Prediction]) -> dict[str, float]:
    """Accuracy of type and material, F1 of wear at a threshold of 0.5, and the calibration error of each."""
    figures: dict[str, float] = {}
    tops = [one.seen.kinds[0] for one in found]
    claims = {
        "type": [(top.p, top.id == one.drawing.type) for top, one in zip(tops, found, strict=True)],
        "material": [(one.seen.material[one.material], one.is_right("material")) for one in found],
    }
    for name, pairs in claims.items():
        figures[name] = round(sum(one.is_right(name) for one in found) / len(found), 4)
        p, right = map(np.array, zip(*pairs, strict=True))
        figures[f"{name}_calibration_error"] = round(calibration_error(p, right), 4)
    shares = np.array([[one.wear[tag] for tag in TAGS] for one in found])
    there = np.array([[tag in one.drawing.wear for tag in TAGS] for one in found])
    hits = ((shares > 0.5) & there).sum()
    figures["wear_f1"] = round(float(2 * hits / max(1, (shares > 0.5).sum() + there.sum())), 4)
    figures["wear_calibration_error"] = round(calibration_error(shares.ravel(), there.ravel()), 4)
    return figures


def left_unknown(folder: Path, each: int) -> float:
    """The share of out-of-distribution pictures (`each` of every kind) that are named as no kind."""
    kinds = tuple(OUT_OF_DISTRIBUTION)
    found = list(predictions(folder, range(UNSEEN, UNSEEN + each * len(kinds)), kinds))
    return round(sum(one.type == UNKNOWN for one in found) / len(found), 4)


def evaluate(folder: Path, count: int) -> dict[str, float]:
    """Print the predictions for the fixed twenty goods; return their figures and those of `count` others."""
    twenty = list(predictions(folder, TWENTY))
    for seed, one in zip(TWENTY, twenty, strict=True):
        worn = ", ".join(tag for tag, share in one.wear.items() if share > 0.5) or "none"
        marks = " ".join("right" if one.is_right(name) else "WRONG" for name in ("type", "material"))
        click.echo(
            f"{seed:2d} {one.drawing.caption} | {one.type} ({one.seen.kinds[0].p:.2f}) {one.material}, "
            f"wear: {worn} | {marks}"
        )
    figures = summary(list(predictions(folder, range(HELD_OUT, HELD_OUT + count))))
    figures["out_of_distribution_left_unknown"] = left_unknown(folder, each=10)
    click.echo(
        f"held-out goods: {count} " + " ".join(f"{name} {value:.3f}" for name, value in figures.items())
    )
    for name in ("type", "material"):
        figures[f"{name}_right_of_{len(twenty)}"] = sum(one.is_right(name) for one in twenty)
    return figures
