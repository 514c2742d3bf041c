"""Archives that are broken in one way each: each is refused by its own class, with what is wrong."""

import hashlib
import json
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from model_artifacts.blip2.tools import packaging
from model_artifacts.blip2.tools.flight_check import refusals, static
from model_artifacts.blip2.tools.unpacked import unpacked
from model_artifacts.blip2_demo import MODEL


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    archive = tmp_path_factory.mktemp("good") / packaging.NAME
    packaging.build(archive, MODEL)
    with unpacked(archive) as inside:
        yield inside.folder


def test_a_good_archive_passes(good: Path) -> None:
    assert 0.6 < static.check(good, "ml.t2.medium") < 1


def _state(folder: Path, name: str) -> None:
    """Let the manifest state the file as it is now."""
    manifest = folder / "manifest.json"
    stated = json.loads(manifest.read_text("utf-8"))
    stated["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    manifest.write_text(json.dumps(stated))


def _spoil_weights(dtype: torch.dtype, value: float) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        file = folder / "model.safetensors"
        tensors = load_file(file)
        name = next(name for name, tensor in tensors.items() if tensor.is_floating_point())
        tensors[name] = tensors[name].to(dtype)
        tensors[name].flatten()[-1] = value
        save_file(tensors, file)
        _state(folder, "model.safetensors")

    return spoil


def _cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-9])


def _forget(folder: Path) -> None:
    file = folder / "code" / "requirements.txt"
    file.write_text(file.read_text().replace("pillow", "pillar"))
    _state(folder, "code/requirements.txt")


@pytest.mark.parametrize(
    ("spoil", "refusal", "said"),
    [
        (_cut, refusals.WeightsCutShortError, "cut short"),
        *(
            (_spoil_weights(dtype, value), refusals.WeightNotFiniteError, r"model\.safetensors: .* NaN")
            for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64)
            for value in (float("nan"), float("-inf"))
        ),
        (
            lambda folder: (folder / "vocabulary.json").write_text("{}"),
            refusals.HashMismatchError,
            "vocabulary.json: not the file",
        ),
        (
            lambda folder: (folder / "tokenizer.json").unlink(),
            refusals.HashMismatchError,
            "tokenizer.json: in the manifest and not",
        ),
        (
            lambda folder: shutil.copy(folder / "model.safetensors", folder / "other.safetensors"),
            refusals.HashMismatchError,
            "other.safetensors: in the archive and not",
        ),
        (
            lambda folder: (folder / "manifest.json").unlink(),
            refusals.HashMismatchError,
            "manifest.json: states no files",
        ),
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


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_largest_numbers_there_are_pass(good: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "model"))
    _spoil_weights(dtype, torch.finfo(dtype).max)(folder)
    static.check(folder, "ml.t2.medium")


def test_a_model_larger_than_the_instance_is_refused(tmp_path: Path) -> None:
    size = 4 << 30
    stated = json.dumps({"a": {"dtype": "F16", "shape": [size // 2], "data_offsets": [0, size]}}).encode()
    with (tmp_path / "model.safetensors").open("wb") as stream:
        stream.write(struct.pack("<Q", len(stated)) + stated)
        stream.truncate(8 + len(stated) + size)  # a hole: it takes no room on the disk
    with pytest.raises(refusals.TooLargeError, match=r"about 8\.6 GiB and ml\.t2\.medium has 4"):
        static.check(tmp_path, "ml.t2.medium")


def test_an_instance_whose_memory_is_not_known_is_refused(good: Path) -> None:
    with pytest.raises(refusals.InstanceUnknownError, match=r"ml\.inf2\.xlarge"):
        static.check(good, "ml.inf2.xlarge")
