"""`calibrate`: fits a model's probabilities to labelled photos, and writes them into its folder."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.progress import Steps

from .. import catalogue_file
from ..errors import ArtifactError
from ..packaging import DEMO
from . import priors, questions, reliability, samples
from .answers import AnswerStore, ask
from .labels import LabelError, read_labels
from .measuring import Measured
from .samples import Scale
from .tables import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .labels import Labelled
    from .tables import Result

WORK = Path(__file__).resolve().parents[4] / ".vitrine" / "calibrate"
MANIFEST = "manifest.json"
_STEP = "calibrate"


def calibrate(
    model: str,
    photos: Path,
    *,
    catalogue: str | None = None,
    out: Path | None = None,
    report: Path | None = None,
    precision: float = 0.9,
    wear_tiles: int = 0,
) -> list[str]:
    """Calibrate the model "demo" or of a folder on the labelled photos of a CSV file; returns the table.

    The calibration goes into the folder's manifest, or into a copy of the folder at `out`; the table and the
    plots go into the folder `report`, by default `calibration` beside the labels. `wear_tiles` is that of the
    environment which the model is for: the lines of its wear hold for no other. Raises LabelError,
    UnusablePhotoError, PackagingError, or ArtifactError for what else keeps it from being done.
    """
    source = DEMO if model == "demo" else Path(model).expanduser()
    if not (source / "config.json").is_file():
        raise ArtifactError(f"--model {model}: must be demo or a BLIP-2's folder, which holds config.json")
    if out is not None and out.exists():
        raise ArtifactError(f"--out {out}: is there already: remove it, or name another folder")
    name = catalogue or catalogue_file.name_of(source) or catalogue_file.USUAL
    goods = catalogue_file.load(name)
    labels = read_labels(photos, goods)
    _check_enough(photos, labels)
    with tempfile.TemporaryDirectory(prefix="blip2-calibrate-") as folder, Steps() as steps:
        from .raw_model import RawModel

        steps.begin(_STEP, "loading the model")
        raw = RawModel(catalogue_file.completed(source, name, Path(folder)), goods, wear_tiles)
        kept = WORK / raw.fingerprint
        with AnswerStore(kept).opened() as store:
            stated = raw.use_priors(kept / priors.FILE)
            steps.done(_STEP, f"loaded; raw answers are kept in {kept}")
            total = sum(len(one.photos) for one in labels)
            steps.begin(_STEP, f"asking about {total:,} photos", total)
            # As `large_photos` of the settings' catalogue has the services send them.
            large = wear_tiles > 0 or name == "photo"
            asked = ask(photos, labels, raw, store, _Pace(steps, total).told, large=large)
            steps.done(_STEP, f"asked about {total:,} photos")
    results = questions.measured(asked.products, goods, precision)
    lines = [*table(results), *(f"left out: {problem}" for problem in asked.left_out)]
    if not any(isinstance(one, Measured) for one in results):
        raise ArtifactError("nothing is calibrated:\n" + "\n".join(lines))
    _write_report(report or photos.parent / "calibration", results, lines)
    fitted = document(results, goods.version, len(asked.products), wear_tiles)
    _deliver(source, out, fitted, stated)
    return lines


def document(results: Sequence[Result], version: str, photos: int, wear_tiles: int = 0) -> dict[str, Any]:
    """The manifest's `calibration`: the fits of the questions that have one."""
    found: dict[str, Any] = {"catalogue": version, "photos": photos}
    wear: dict[str, list[float]] = {}
    for one in results:
        if not isinstance(one, Measured):
            continue
        if isinstance(one.fit, Scale):
            # Rounded down, or the least photo seen would miss it. Scaled answers stay below 1.
            threshold = 1.0 if one.fit.threshold is None else math.floor(one.fit.threshold * 1e4) / 1e4
            found[one.question] = {"temperature": round(one.fit.temperature, 4), "threshold": threshold}
            if one.question == "type":
                found["type"]["alpha"] = one.fit.alpha
        else:
            wear[one.question.removeprefix(questions.WEAR)] = [
                round(one.fit.slope, 4),
                round(one.fit.offset, 4),
            ]
    tiles = {"wear_tiles": wear_tiles} if wear_tiles else {}
    return found | ({**tiles, "wear": wear} if wear else {})


def write_calibration(folder: Path, calibration: dict[str, Any], grey: dict[str, Any]) -> None:
    """Write the calibration into a model's folder, and the priors if its alpha is above 0.

    Each file is written whole or not at all, and the priors before the manifest that needs them.
    """
    path = folder / MANIFEST
    manifest: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    # Of a packaged model these name another calibration; packaging states them anew.
    for stale in ("version", "files"):
        manifest.pop(stale, None)
    manifest["calibration"] = calibration
    needs_priors = calibration.get("type", {}).get("alpha", 0.0) > 0
    if needs_priors:
        priors.write(folder / priors.FILE, grey)
    part = path.with_suffix(".part")
    part.write_text(f"{json.dumps(manifest, indent=2, ensure_ascii=False)}\n", "utf-8")
    part.replace(path)
    if not needs_priors:
        (folder / priors.FILE).unlink(missing_ok=True)


def _check_enough(file: Path, labels: Sequence[Labelled]) -> None:
    fields = ("type", "material", "colour", "pattern", "wear")
    counts = {one: sum(getattr(label, one) is not None for label in labels) for one in fields}
    if max(counts.values()) < samples.FEWEST:
        said = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise LabelError(
            f"{file}: nothing can be calibrated: a question needs {samples.FEWEST} labelled photos, "
            f"and there are: {said}"
        )


def _write_report(folder: Path, results: Sequence[Result], lines: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for one in results:
        if isinstance(one, Measured):
            name = one.question.replace(questions.WEAR, "wear-")
            (folder / f"{name}.svg").write_text(reliability.diagram(one), "utf-8")
    (folder / "calibration.md").write_text("\n".join([*lines, ""]), "utf-8")


def _deliver(source: Path, out: Path | None, fitted: dict[str, Any], grey: dict[str, Any]) -> None:
    if out is None:
        write_calibration(source, fitted, grey)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".blip2-", dir=out.parent) as folder:
        copy = Path(folder) / "model"
        shutil.copytree(source, copy)
        write_calibration(copy, fitted, grey)
        copy.rename(out)


@dataclass
class _Pace:
    """Tells the progress of the asking: photos a second, and the time that remains at that pace."""

    steps: Steps
    total: int
    began: float = field(default_factory=time.monotonic)
    done: int = 0
    fresh: int = 0

    def told(self, photos: int, kept: bool) -> None:
        """Count photos; those that an earlier run asked about say nothing about the pace."""
        self.done += photos
        self.fresh += 0 if kept else photos
        pace = self.fresh / max(time.monotonic() - self.began, 1e-9)
        if self.fresh:
            left = (self.total - self.done) / pace
            self.steps.remind(_STEP, f"{pace:.1f} photos a second, about {left:.0f} s left")
        self.steps.advance(_STEP, photos)
