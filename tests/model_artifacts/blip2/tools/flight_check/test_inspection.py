"""Archives with one fault each: each is refused by its own fault, which the message describes."""

import hashlib
import json
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from model_artifacts.blip2.tools.archive import unpacked
from model_artifacts.blip2.tools.errors import ArchiveError, Fault
from model_artifacts.blip2.tools.flight_check.inspection import inspect


@pytest.fixture(scope="module")
def good(demo_archive: Path) -> Iterator[Path]:
    with unpacked(demo_archive) as inside:
        yield inside.folder


def test_good_archive_passes(good: Path) -> None:
    assert 0.6 < inspect(good, "ml.t2.medium") < 1


def _state(folder: Path, name: str) -> None:
    """Write the file's present hash to the manifest."""
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


def _drop(name: str) -> Callable[[Path], object]:
    def drop(folder: Path) -> None:
        file = folder / "model.safetensors"
        save_file({one: tensor for one, tensor in load_file(file).items() if one != name}, file)
        _state(folder, "model.safetensors")

    return drop


def _set_config(folder: Path, part: str, key: str, value: object) -> None:
    file = folder / "config.json"
    config = json.loads(file.read_text())
    config[part][key] = value
    file.write_text(json.dumps(config))
    _state(folder, "config.json")


def _narrow(folder: Path) -> None:
    _set_config(folder, "qformer_config", "intermediate_size", 64)


def _without_end(folder: Path) -> None:
    _set_config(folder, "text_config", "eos_token_id", None)


@pytest.mark.parametrize(
    ("spoil", "fault", "said"),
    [
        (_cut, Fault.WEIGHTS_CUT_SHORT, "cut short"),
        *(
            (_spoil_weights(dtype, value), Fault.WEIGHT_NOT_FINITE, r"model\.safetensors: .* NaN")
            for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64)
            for value in (float("nan"), float("-inf"))
        ),
        (
            lambda folder: (folder / "catalogue.json").write_text("{}"),
            Fault.HASH_MISMATCH,
            "catalogue.json: not the file",
        ),
        (
            lambda folder: (folder / "tokenizer.json").unlink(),
            Fault.HASH_MISMATCH,
            "tokenizer.json: in the manifest and not",
        ),
        (
            lambda folder: shutil.copy(folder / "model.safetensors", folder / "other.safetensors"),
            Fault.HASH_MISMATCH,
            "other.safetensors: in the archive and not",
        ),
        (
            lambda folder: (folder / "manifest.json").unlink(),
            Fault.HASH_MISMATCH,
            "manifest.json: states no files",
        ),
        (_forget, Fault.REQUIREMENT_ABSENT, "pillow"),
        (_drop("language_projection.weight"), Fault.WEIGHTS_UNFIT, r"lack language_projection\.weight; take"),
        (_narrow, Fault.WEIGHTS_UNFIT, r"do not fit the config: qformer\.\S+ is \(512"),
        (_without_end, Fault.WEIGHTS_UNFIT, r"config\.json: text_config\.eos_token_id must be the one token"),
    ],
)
def test_broken_archive_is_refused(
    good: Path,
    tmp_path: Path,
    spoil: Callable[[Path], object],
    fault: Fault,
    said: str,
) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "model"))
    spoil(folder)
    with pytest.raises(ArchiveError, match=said) as refused:
        inspect(folder, "ml.t2.medium")
    assert refused.value.fault is fault


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_largest_finite_numbers_pass(good: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "model"))
    _spoil_weights(dtype, torch.finfo(dtype).max)(folder)
    inspect(folder, "ml.t2.medium")


def test_too_large_model_is_refused(tmp_path: Path) -> None:
    size = 4 << 30
    stated = json.dumps({"a": {"dtype": "F16", "shape": [size // 2], "data_offsets": [0, size]}}).encode()
    with (tmp_path / "model.safetensors").open("wb") as stream:
        stream.write(struct.pack("<Q", len(stated)) + stated)
        stream.truncate(8 + len(stated) + size)  # sparse: it takes no disk space
    with pytest.raises(ArchiveError, match=r"about 8\.6 GiB and ml\.t2\.medium has 4") as refused:
        inspect(tmp_path, "ml.t2.medium")
    assert refused.value.fault is Fault.TOO_LARGE


def test_unknown_instance_is_refused(good: Path) -> None:
    with pytest.raises(ArchiveError, match=r"ml\.inf2\.xlarge") as refused:
        inspect(good, "ml.inf2.xlarge")
    assert refused.value.fault is Fault.INSTANCE_UNKNOWN
