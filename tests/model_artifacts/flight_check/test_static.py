"""Archives that are broken in one way each: each is refused by its own class, with what is wrong."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model_artifacts.blip2 import packaging, weights
from model_artifacts.blip2.flight_check import refusals, static

MODEL = Path(packaging.__file__).parent / "demo" / "model"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    packaging.build(folder / "a.tar.gz", MODEL)
    static.unpack(folder / "a.tar.gz", folder / "model")
    return folder / "model"


def test_a_good_archive_passes(good: Path) -> None:
    assert 0.6 < static.check(good, "ml.t2.medium") < 1


def _weights(folder: Path) -> Path:
    return next(folder.glob("*.safetensors"))


def _nan(folder: Path) -> None:
    first = next(one for one in weights.header(_weights(folder)) if one.dtype == "F16")
    np.memmap(_weights(folder), "<f2", "r+", first.start, first.shape).flat[0] = np.nan


def _cut(folder: Path) -> None:
    _weights(folder).write_bytes(_weights(folder).read_bytes()[:-9])


def _append(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text((folder / name).read_text() + text)


def _forget(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"files": {}}')
    file = folder / "code" / "requirements.txt"
    file.write_text(file.read_text().replace("pillow", "pillar"))


@pytest.mark.parametrize(
    ("spoil", "refusal", "said"),
    [
        (lambda f: (f / "code/inference.py").unlink(), refusals.HandlerMissingError, "missing"),
        (
            lambda f: (f / "code/inference.py").rename(f / "inference.py"),
            refusals.HandlerMissingError,
            "wrong folder",
        ),
        (_cut, refusals.WeightsCutShortError, "cut short"),
        (_nan, refusals.WeightNotFiniteError, "NaN"),
        (_append("vocabulary.json", " "), refusals.HashMismatchError, "vocabulary.json"),
        (_forget, refusals.RequirementAbsentError, "pillow"),
    ],
)
def test_a_broken_archive_is_refused(
    good: Path,
    tmp_path: Path,
    spoil: Callable[[Path], object],
    refusal: type[Exception],
    said: str,
) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "model"))
    spoil(folder)
    with pytest.raises(refusal, match=said):
        static.check(folder, "ml.t2.medium")


def test_a_model_larger_than_the_instance_is_refused(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(static.CPU_MEMORY, "ml.t2.medium", 0)
    with pytest.raises(refusals.TooLargeError, match=r"ml\.t2\.medium"):
        static.check(good, "ml.t2.medium")
