"""Ask the served handlers about held-out drawn goods, and say how often they are right."""

from __future__ import annotations

import base64
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from ..drawing.drawing import TAGS, UNKNOWN, Drawing, draw
from ..drawing.out_of_distribution import STRANGERS
from . import calibration
from .network import vocabulary
from .pool import MATERIALS, TYPES
from .progress import say

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = Path(__file__).resolve().parents[2] / "blip2" / "code"
TWENTY = range(20)
"""Seeds of the fixed list of held-out goods that the README speaks of."""
HELD_OUT, CALIBRATION, UNSEEN = 100_000, 500_000, 700_000
SURE = 0.6
"""Above this, a type that is said of what is none of the ten counts as a confident wrong word."""
_PHOTO, _MODEL_SIDE = (480, 360), 384


def handlers() -> Any:
    """The artifact's own `inference` module, imported as SageMaker imports it."""
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))
    import inference

    return inference


def questions() -> list[dict[str, Any]]:
    """The questions that the service asks, from the vocabulary."""
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


def ask(inference: Any, model: Any, photos: list[Image.Image]) -> dict[str, Any]:
    """One request through input_fn, predict_fn and output_fn."""
    body = json.dumps({"photos": [encode(photo) for photo in photos], "questions": questions()})
    answer, _ = inference.output_fn(inference.predict_fn(inference.input_fn(body), model))
    return json.loads(answer)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Verdict:
    """A held-out good and what the model said of it."""

    drawing: Drawing
    scores: dict[str, dict[str, float]]
    caption: str

    def said(self, question: str) -> str:
        """The likeliest answer to a choice."""
        return max(self.scores[question], key=self.scores[question].__getitem__)

    def right(self, question: str) -> bool:
        """Whether that answer is the drawing's."""
        return self.said(question) == str(getattr(self.drawing, question))


def verdicts(folder: Path, seeds: range, strangers: tuple[str, ...] = ()) -> Iterator[Verdict]:
    """What the artifact in `folder` says of the goods of these seeds, drawn as photos of 480 x 360.

    With `strangers`, the seeds draw those kinds in turn instead.
    """
    inference = handlers()
    model = inference.model_fn(str(folder))
    for number, seed in enumerate(seeds):
        stranger = strangers[number % len(strangers)] if strangers else None
        drawing = draw(seed, _PHOTO, aspect=_PHOTO[0] / _PHOTO[1], stranger=stranger)
        answer = ask(inference, model, [drawing.image])
        yield Verdict(
            drawing, {item["id"]: item["scores"][0] for item in answer["answers"]}, answer["caption"]
        )


def summary(found: list[Verdict]) -> dict[str, float]:
    """Share of right types and materials, F1 of wear at even odds, and the calibration error of each."""
    figures: dict[str, float] = {}
    for name in ("type", "material"):
        right = torch.tensor([verdict.right(name) for verdict in found])
        confidence = torch.tensor([max(verdict.scores[name].values()) for verdict in found])
        figures[name] = round(float(right.float().mean()), 4)
        figures[f"{name}_calibration_error"] = round(calibration.calibration_error(confidence, right), 4)
    shares = torch.tensor([[verdict.scores["wear"][tag] for tag in TAGS] for verdict in found])
    there = torch.tensor([[tag in verdict.drawing.wear for tag in TAGS] for verdict in found])
    hits = float(((shares > 0.5) & there).sum())
    figures["wear_f1"] = round(2 * hits / max(1.0, float((shares > 0.5).sum() + there.sum())), 4)
    figures["wear_calibration_error"] = round(
        calibration.calibration_error(shares.flatten(), there.flatten()), 4
    )
    return figures


def left_unknown(folder: Path, each: int) -> float:
    """Of `each` pictures of every kind of `STRANGERS`, the share that no type but `unknown` is sure of."""
    kinds = tuple(STRANGERS)
    found = verdicts(folder, range(UNSEEN, UNSEEN + each * len(kinds)), kinds)
    surest = [
        max(share for name, share in verdict.scores["type"].items() if name != UNKNOWN) for verdict in found
    ]
    return round(sum(share <= SURE for share in surest) / len(surest), 4)


def fit(folder: Path, count: int) -> None:
    """Fit temperature and Platt scaling on `count` pictures of their own seeds, into the manifest."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest.update(temperature={}, platt={})
    path.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")
    found = list(verdicts(folder, range(CALIBRATION, CALIBRATION + count)))
    for name, words in (("type", TYPES), ("material", MATERIALS)):
        shares = torch.tensor([[verdict.scores[name][word] for word in words] for verdict in found])
        truth = torch.tensor([words.index(getattr(verdict.drawing, name)) for verdict in found])
        manifest["temperature"][name] = round(calibration.temperature(shares, truth), 4)
    for tag in TAGS:
        margins = torch.tensor([verdict.scores["wear"][tag] for verdict in found], dtype=torch.double).logit(
            1e-12
        )
        truth = torch.tensor([tag in verdict.drawing.wear for verdict in found], dtype=torch.double)
        manifest["platt"][tag] = [round(value, 4) for value in calibration.platt(margins, truth)]
    path.write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def evaluate(folder: Path, count: int) -> dict[str, float]:
    """Print what is said of the fixed twenty goods; return their figures, and those of `count` others."""
    twenty = list(verdicts(folder, TWENTY))
    for seed, verdict in zip(TWENTY, twenty, strict=True):
        worn = ", ".join(tag for tag, share in verdict.scores["wear"].items() if share > 0.5) or "none"
        marks = " ".join("right" if verdict.right(name) else "WRONG" for name in ("type", "material"))
        sure = f"{max(verdict.scores['type'].values()):.2f}"
        say(
            f"{seed:2d} {verdict.drawing.caption} | {verdict.said('type')} ({sure}) "
            f"{verdict.said('material')}, wear: {worn} | {marks}"
        )
    figures = summary(list(verdicts(folder, range(HELD_OUT, HELD_OUT + count))))
    figures["strangers_left_unknown"] = left_unknown(folder, each=10)
    say(f"held-out goods: {count} " + " ".join(f"{name} {value:.3f}" for name, value in figures.items()))
    for name in ("type", "material"):
        figures[f"{name}_right_of_{len(twenty)}"] = sum(verdict.right(name) for verdict in twenty)
    return figures
