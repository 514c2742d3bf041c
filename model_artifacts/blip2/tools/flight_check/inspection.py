"""Inspects an unpacked archive without running it."""

import ast
import hashlib
import json
import re
import sys
from pathlib import Path

from ...instances import has_gpu, memory_gib
from .. import weights
from ..errors import ArchiveError, Fault, PackagingError
from ..fitness import loading_fault
from ..packaging import sha256_of

_GIB = 1 << 30
_MODULES = {"PIL": "pillow", "sagemaker_inference": "sagemaker-inference"}
# The image contains these packages.
_IN_IMAGE = {"torch", "sagemaker-inference", "starlette", "uvicorn"}


def inspect(folder: Path, instance_type: str) -> float:
    """The estimated memory in GiB; raises ArchiveError for the first fault found."""
    needed = _memory(folder, instance_type)
    _content(folder)
    _requirements(folder / "code")
    _weights(folder)
    return needed


def _memory(folder: Path, instance_type: str) -> float:
    there = memory_gib(instance_type)
    if there is None:
        raise ArchiveError(
            Fault.INSTANCE_UNKNOWN,
            f"{instance_type}: its memory is not known; add it to model_artifacts/blip2/instances.py",
        )
    try:
        tensors = [one for file in folder.glob("*.safetensors") for one in weights.read_header(file)]
    except PackagingError as error:
        raise ArchiveError(Fault.WEIGHTS_CUT_SHORT, str(error)) from error
    held = sum(one.size for one in tensors) / _GIB
    needed = held * 1.2 + 1.5 if has_gpu(instance_type) else held * 2 + 0.6
    if needed > there:
        raise ArchiveError(
            Fault.TOO_LARGE,
            f"the model needs about {needed:.1f} GiB and {instance_type} has {there:g}: take a larger one",
        )
    return needed


def _content(folder: Path) -> None:
    try:
        stated: dict[str, str] = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError) as error:
        raise ArchiveError(
            Fault.HASH_MISMATCH, "manifest.json: states no files; build it by `package`"
        ) from error
    # The manifest does not state packages inside, which are the other files of code/.
    there = {file.name for file in folder.iterdir() if file.is_file()} - {"manifest.json"}
    for name in sorted(stated.keys() | there):
        file = folder / name
        if name not in stated:
            raise ArchiveError(Fault.HASH_MISMATCH, f"{name}: in the archive and not in the manifest")
        if not file.is_file():
            raise ArchiveError(Fault.HASH_MISMATCH, f"{name}: in the manifest and not in the archive")
        found = _finite(file) if file.suffix == ".safetensors" else sha256_of(file)
        if found != stated[name]:
            raise ArchiveError(Fault.HASH_MISMATCH, f"{name}: not the file whose hash the manifest states")


def _finite(file: Path) -> str:
    """The file's SHA-256, after a check of each number in the same read; raises ArchiveError."""
    digest = hashlib.sha256()
    for tensor, block in weights.read_blocks(file):
        digest.update(block)
        if tensor and not weights.is_finite(tensor.dtype, block):
            raise ArchiveError(
                Fault.WEIGHT_NOT_FINITE, f"{file.name}: {tensor.name} holds a NaN or an infinity"
            )
    return digest.hexdigest()


def _requirements(code: Path) -> None:
    listed = code / "requirements.txt"
    if not listed.is_file():
        return  # the packages are inside
    named = {_name(line) for line in listed.read_text("utf-8").splitlines() if line[:1].isalpha()}
    own = {file.stem for file in code.iterdir()}
    for file in sorted(code.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for top in (name.partition(".")[0] for name in names):
                package = _name(_MODULES.get(top, top))
                if top not in own | sys.stdlib_module_names and package not in named | _IN_IMAGE:
                    raise ArchiveError(
                        Fault.REQUIREMENT_ABSENT,
                        f"code/requirements.txt: names no {package}, which {file.name} imports",
                    )


def _weights(folder: Path) -> None:
    """Compare the weights' headers with config.json, as the handlers do before they load anything."""
    if problem := loading_fault(folder):
        raise ArchiveError(Fault.WEIGHTS_UNFIT, problem)


def _name(line: str) -> str:
    return re.split(r"[^\w.-]", line, maxsplit=1)[0].lower().replace("_", "-")
