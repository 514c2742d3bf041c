"""What can be told of an unpacked archive without running it."""

import ast
import hashlib
import json
import re
import sys
import tarfile
from pathlib import Path

import numpy as np

from .. import weights
from ..errors import PackagingError
from . import refusals

# Memory of the instance, or of its GPU, in GiB: aws.amazon.com/sagemaker/ai/pricing, instance details.
CPU_MEMORY = {"ml.t2.medium": 4, "ml.m5.large": 8, "ml.m5.xlarge": 16, "ml.m5.2xlarge": 32}
GPU_MEMORY = {"ml.g4dn.xlarge": 16, "ml.g5.xlarge": 24, "ml.g6.xlarge": 24}
_GIB = 1 << 30
_MODULES = {"PIL": "pillow", "sagemaker_inference": "sagemaker-inference"}
# The image brings these, whatever the archive asks for.
_BROUGHT = {"torch", "sagemaker-inference", "starlette", "uvicorn"}
_FINITE = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}


def unpack(archive: Path, folder: Path) -> None:
    """Unpack as SageMaker does into /opt/ml/model; no member may leave the folder."""
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise refusals.UnpackError(f"{archive}: cannot be unpacked: {error}") from error


def check(folder: Path, instance_type: str) -> float:
    """Raise the first refusal there is; return the estimated memory in GiB."""
    _handler(folder)
    needed = _memory(folder, instance_type)
    _finite(folder)
    _hashes(folder)
    _requirements(folder / "code")
    return needed


def _handler(folder: Path) -> None:
    if (folder / "code" / "inference.py").is_file():
        return
    found = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("inference.py"))
    where = f"it is at {found[0]}, the wrong folder" if found else "it is missing"
    raise refusals.HandlerMissingError(f"code/inference.py: {where}; build the archive by `package`")


def _memory(folder: Path, instance_type: str) -> float:
    if instance_type not in CPU_MEMORY | GPU_MEMORY:
        raise refusals.TooLargeError(f"{instance_type}: its memory is not known; add it to {__name__}")
    try:
        tensors = [one for file in folder.glob("*.safetensors") for one in weights.header(file)]
    except PackagingError as error:
        raise refusals.WeightsCutShortError(str(error)) from error
    held = sum(one.size for one in tensors) / _GIB
    on_gpu = instance_type in GPU_MEMORY
    needed = held * 1.2 + 1.5 if on_gpu else held * 2 + 0.6
    there = GPU_MEMORY[instance_type] if on_gpu else CPU_MEMORY[instance_type]
    if needed > there:
        raise refusals.TooLargeError(
            f"the model needs about {needed:.1f} GiB and {instance_type} has {there}: take a larger instance"
        )
    return needed


def _finite(folder: Path) -> None:
    for file in sorted(folder.glob("*.safetensors")):
        for one in weights.header(file):
            if one.dtype in _FINITE and one.size:
                values = np.memmap(file, _FINITE[one.dtype], "r", one.start, one.shape or (1,))
                if not np.isfinite(values).all():
                    raise refusals.WeightNotFiniteError(f"{file.name}: {one.name} holds NaN or infinity")


def _hashes(folder: Path) -> None:
    try:
        files = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError) as error:
        raise refusals.HashMismatchError("manifest.json: states no files; build it by `package`") from error
    for name, stated in files.items():
        path = folder / name
        if not path.is_file():
            raise refusals.HashMismatchError(f"{name}: in the manifest and not in the archive")
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != stated:
                raise refusals.HashMismatchError(f"{name}: not the file whose hash the manifest states")


def _requirements(code: Path) -> None:
    listed = code / "requirements.txt"
    if not listed.is_file():
        return  # the packages themselves are inside
    named = {_name(line) for line in listed.read_text("utf-8").splitlines() if line[:1].isalpha()}
    own = {file.stem for file in code.iterdir()}
    for file in sorted(code.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for top in (name.partition(".")[0] for name in names):
                package = _name(_MODULES.get(top, top))
                if top not in own | sys.stdlib_module_names and package not in named | _BROUGHT:
                    raise refusals.RequirementAbsentError(
                        f"code/requirements.txt: names no {package}, which {file.name} imports"
                    )


def _name(line: str) -> str:
    return re.split(r"[^\w.-]", line, maxsplit=1)[0].lower().replace("_", "-")
