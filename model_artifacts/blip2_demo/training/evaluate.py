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
import torch
from PIL import Image

from ..drawing.drawing import TAGS, UNKNOWN, Drawing, draw
from ..drawing.out_of_distribution import OUT_OF_DISTRIBUTION
from . import calibration
from .network import vocabulary
from .pool import MATERIALS, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = Path(__file__).resolve().parents[2] / "blip2" / "code"
TWENTY = range(20)
"""The seeds of a fixed list of held-out goods, as in the README."""
HELD_OUT, CALIBRATION, UNSEEN = 100_000, 500_000, 700_000
CONFIDENT = 0.6
"""A type above this probability counts as a confident answer."""
_PHOTO, _MODEL_SIDE = (480, 360), 384


def handlers() -> Any:
    """The artifact's own `inference` module, imported as SageMaker imports it."""
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))
    import inference

    return inference


def questions() -> list[dict[str, Any]]:
    """The service's questions, as the endpoint's contract has them."""
    words = vocabulary()
    return [
        {
            "id": name,
            "kind": "set" if name == "wear" else "choice",
            "text": words[name]["question"],
            "candidates": list(words[name]["candidates"]),
        }
        for name in ("type", "material", "wear")
    ]


def encode(photo: Image.Image) -> str:
    """A photo as the service sends it: at most 384 pixels a side, JPEG, base64."""
    small = photo.copy()
    small.thumbnail((_MODEL_SIDE, _MODEL_SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=85)
    return base64.b64encode(stream.getvalue()).decode()


def predict(inference: Any, model: Any, photos: list[Image.Image]) -> dict[str, Any]:
    """One request through input_fn, predict_fn and output_fn."""
    body = json.dumps({"photos": [encode(photo) for photo in photos], "questions": questions()})
    answer, _ = inference.output_fn(inference.predict_fn(inference.input_fn(body), model))
    return json.loads(answer)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Prediction:
    """A held-out good and the model's answers about it."""

    drawing: Drawing
    scores: dict[str, dict[str, float]]
    caption: str

    def answer(self, question: str) -> str:
        """The most probable answer to a choice."""
        return max(self.scores[question], key=self.scores[question].__getitem__)

    def is_right(self, question: str) -> bool:
        """Whether that answer is the drawing's label."""
        return self.answer(question) == str(getattr(self.drawing, question))


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
        answer = predict(inference, model, [drawing.image])
        yield Prediction(
            drawing, {item["id"]: item["scores"][0] for item in answer["answers"]}, answer["caption"]
        )


def summary(found: list[Prediction]) -> dict[str, float]:
    """Accuracy of type and material, F1 of wear at a threshold of 0.5, and the calibration error of each."""
    figures: dict[str, float] = {}
    for name in ("type", "material"):
        right = torch.tensor([one.is_right(name) for one in found])
        confidence = torch.tensor([max(one.scores[name].values()) for one in found])
        figures[name] = round(float(right.float().mean()), 4)
        figures[f"{name}_calibration_error"] = round(calibration.calibration_error(confidence, right), 4)
    shares = torch.tensor([[one.scores["wear"][tag] for tag in TAGS] for one in found])
    there = torch.tensor([[tag in one.drawing.wear for tag in TAGS] for one in found])
    hits = float(((shares > 0.5) & there).sum())
    figures["wear_f1"] = round(2 * hits / max(1.0, float((shares > 0.5).sum() + there.sum())), 4)
    figures["wear_calibration_error"] = round(
        calibration.calibration_error(shares.flatten(), there.flatten()), 4
    )
    return figures


def left_unknown(folder: Path, each: int) -> float:
    """The share of out-of-distribution pictures (`each` of every kind) without a confident known type."""
    kinds = tuple(OUT_OF_DISTRIBUTION)
    found = predictions(folder, range(UNSEEN, UNSEEN + each * len(kinds)), kinds)
    highest = [max(share for name, share in one.scores["type"].items() if name != UNKNOWN) for one in found]
    return round(sum(share <= CONFIDENT for share in highest) / len(highest), 4)


def calibrate(folder: Path, count: int) -> None:
    """Fit temperature and Platt scaling on `count` pictures with seeds of their own; write the manifest."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest.update(temperature={}, platt={})
    path.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    found = list(predictions(folder, range(CALIBRATION, CALIBRATION + count)))
    for name, words in (("type", TYPES), ("material", MATERIALS)):
        shares = torch.tensor([[one.scores[name][word] for word in words] for one in found])
        truth = torch.tensor([words.index(getattr(one.drawing, name)) for one in found])
        manifest["temperature"][name] = round(calibration.temperature(shares, truth), 4)
    for tag in TAGS:
        margins = torch.tensor([one.scores["wear"][tag] for one in found], dtype=torch.double).logit(1e-12)
        truth = torch.tensor([tag in one.drawing.wear for one in found], dtype=torch.double)
        manifest["platt"][tag] = [round(value, 4) for value in calibration.platt(margins, truth)]
    path.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def evaluate(folder: Path, count: int) -> dict[str, float]:
    """Print the predictions for the fixed twenty goods; return their figures and those of `count` others."""
    twenty = list(predictions(folder, TWENTY))
    for seed, one in zip(TWENTY, twenty, strict=True):
        worn = ", ".join(tag for tag, share in one.scores["wear"].items() if share > 0.5) or "none"
        marks = " ".join("right" if one.is_right(name) else "WRONG" for name in ("type", "material"))
        confidence = f"{max(one.scores['type'].values()):.2f}"
        click.echo(
            f"{seed:2d} {one.drawing.caption} | {one.answer('type')} ({confidence}) "
            f"{one.answer('material')}, wear: {worn} | {marks}"
        )
    figures = summary(list(predictions(folder, range(HELD_OUT, HELD_OUT + count))))
    figures["out_of_distribution_left_unknown"] = left_unknown(folder, each=10)
    click.echo(
        f"held-out goods: {count} " + " ".join(f"{name} {value:.3f}" for name, value in figures.items())
    )
    for name in ("type", "material"):
        figures[f"{name}_right_of_{len(twenty)}"] = sum(one.is_right(name) for one in twenty)
    return figures
