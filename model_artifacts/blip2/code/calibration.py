"""What `manifest.json` says: the artifact's version, its prompts, and how scores become probabilities."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Scaled = Literal["type", "material", "colour", "pattern"]
SCALED: tuple[Scaled, ...] = ("type", "material", "colour", "pattern")
_CAPTION = "a photo of"
# BLIP-2 was tuned with these prompts.
_QUESTION = {"t5": "Question: {} Short answer:", "opt": "Question: {} Answer:"}


@dataclass(frozen=True)
class Scale:
    """The temperature of an answer's probabilities, and the least probability of an answer that is taken."""

    temperature: float = 1.0
    threshold: float = 0.5


@dataclass(frozen=True)
class Calibration:
    """What was measured against labelled photos; `Calibration()` leaves every score as it is."""

    catalogue: str | None = None
    """The version of the catalogue that it was made for."""
    scales: Mapping[Scaled, Scale] = field(default_factory=dict)
    alpha: float = 0.0
    """The share of log p(name | grey picture) that is taken from log p(name) to rank the kinds."""
    platt: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """For each wear tag (slope, offset): p = sigmoid(slope * (log p(yes) - log p(no)) + offset)."""

    def scale(self, question: Scaled) -> Scale:
        """The temperature and threshold of a question; (1, 0.5) where none was measured."""
        return self.scales.get(question, Scale())

    def line(self, tag: str) -> tuple[float, float]:
        """The slope and offset of a wear tag; (1, 0) where none was measured."""
        return self.platt.get(tag, (1.0, 0.0))

    def of_catalogue(self, version: str) -> Calibration:
        """This calibration, or none if it was made for another catalogue."""
        return self if self.catalogue == version else Calibration()


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` and `priors.json` say of a model; a folder without them is uncalibrated."""

    artifact: str
    """The version that packaging wrote; without one, the folder's name and its weights' hash."""
    calibration: Calibration = field(default_factory=Calibration)
    question_prompt: str = _QUESTION["opt"]
    caption_prompt: str = _CAPTION
    priors: Mapping[str, float] = field(default_factory=dict)
    """For each name log p given a grey picture; only a calibration with an alpha needs them."""


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model's folder. Raises ValueError, which names the file and the field."""
    stated = _json(folder / "manifest.json")
    prompts = _object(folder, "prompts", stated.get("prompts", {}))
    family = _json(folder / "config.json").get("text_config", {}).get("model_type")
    question = prompts.get("question", _QUESTION.get(family, _QUESTION["opt"]))
    if not isinstance(question, str) or question.count("{}") != 1:
        raise _wrong(folder, "prompts.question", question, "a text that holds {} once")
    caption = prompts.get("caption", _CAPTION)
    if not isinstance(caption, str) or not caption:
        raise _wrong(folder, "prompts.caption", caption, "a text")
    calibration = _calibration(folder, stated["calibration"]) if "calibration" in stated else Calibration()
    return Manifest(
        artifact=stated.get("version") or f"{stated.get('name', folder.name)}-{_hash(folder)}",
        calibration=calibration,
        question_prompt=question,
        caption_prompt=caption,
        priors=_priors(folder, calibration) if calibration.alpha else {},
    )


def _calibration(folder: Path, stated: Any) -> Calibration:
    if not isinstance(stated, dict) or not isinstance(stated.get("catalogue"), str):
        raise _wrong(folder, "calibration", stated, "an object with the catalogue's version")
    scales: dict[Scaled, Scale] = {}
    for question in SCALED:
        if question in stated:
            measured = _object(folder, f"calibration.{question}", stated[question])
            temperature, threshold = (
                _number(folder, f"calibration.{question}.{key}", measured.get(key))
                for key in ("temperature", "threshold")
            )
            if temperature <= 0:
                raise _wrong(folder, f"calibration.{question}.temperature", temperature, "more than 0")
            scales[question] = Scale(temperature, threshold)
    platt = {}
    for tag, line in _object(folder, "calibration.wear", stated.get("wear", {})).items():
        if not isinstance(line, list) or len(line) != 2:
            raise _wrong(folder, f"calibration.wear.{tag}", line, "a slope and an offset")
        slope, offset = (_number(folder, f"calibration.wear.{tag}", value) for value in line)
        platt[tag] = (slope, offset)
    alpha = _number(folder, "calibration.type.alpha", stated.get("type", {}).get("alpha", 0.0))
    return Calibration(stated["catalogue"], scales, alpha, platt)


def _priors(folder: Path, calibration: Calibration) -> dict[str, float]:
    stated = _json(folder / "priors.json")
    if stated.get("catalogue") != calibration.catalogue:
        raise ValueError(
            f"{folder / 'priors.json'}: is not of the calibration's catalogue {calibration.catalogue}, "
            f"but of {stated.get('catalogue')}: run `calibrate` again, which writes both"
        )
    return {name: float(log_p) for name, log_p in stated["log_p"].items()}


def _object(folder: Path, key: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(folder, key, value, "an object")
    return value


def _number(folder: Path, key: str, value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise _wrong(folder, key, value, "a number")
    return float(value)


def _wrong(folder: Path, key: str, value: object, allowed: str) -> ValueError:
    return ValueError(f"{folder / 'manifest.json'}: {key}: must be {allowed}, not {str(value)[:80]!r}")


def _json(path: Path) -> dict[str, Any]:
    stated = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if not isinstance(stated, dict):
        raise ValueError(f"{path}: must be a JSON object")
    return stated


def _hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for weights in sorted(folder.glob("*.safetensors")):
        with weights.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:12]
