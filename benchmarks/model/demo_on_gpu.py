"""`python -m benchmarks.model.demo_on_gpu`: both demo artifacts on a GPU, their answers held against a CPU's.

Each answers the example photos by its own handlers, in a process that sees the machine's GPU and in one that
does not. A release lets a probability differ by 0.1 at most (half precision on a GPU, single on a CPU).

Needs torch built for CUDA, transformers, tokenizers, pillow and numpy, in the versions of
`model_artifacts/blip2/code/requirements.txt`, and nothing from outside.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from benchmarks.figures import FIGURES, Figure, say, show
from benchmarks.model.gpu import CODE, write

_ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = {
    "drawn": _ROOT / "model_artifacts" / "blip2" / "model",
    "photo": _ROOT / "model_artifacts" / "blip2_photo" / "model",
}
PHOTOS = sorted((_ROOT / "examples" / "photos").glob("*.jpg"))
MOST_APART = 0.1
_SIDE = 384
_ROUNDS = 5


def answers(artifact: str) -> dict[str, Any]:
    """Return the handlers' answer about each example photo, where they ran, and the least ms of a request."""
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))
    import inference
    from contract import Request

    model = inference.model_fn(str(ARTIFACTS[artifact]))
    goods = model.catalogue
    found, took = {}, []
    for file in PHOTOS:
        photo = Image.open(file).convert("RGB")
        photo.thumbnail((_SIDE, _SIDE))
        request = Request((photo,), goods.version, tuple(goods.departments), goods.answered)
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            (found[file.name],) = inference.predict_batch([request], model)
            took.append(1000 * (time.perf_counter() - began))
    return {"answers": found, "state": inference.state(model), "ms": min(took)}


def furthest(one: Any, other: Any) -> float:
    """Return by how much two answers differ most in a number; a kind that only one lists counts as 0 there.

    Raises ValueError where a word differs.
    """
    mine, others = dict(_leaves(one)), dict(_leaves(other))
    apart = [0.0]
    for place in mine | others:
        a, b = mine.get(place, 0.0), others.get(place, 0.0)
        if isinstance(a, int | float) and isinstance(b, int | float):
            apart.append(abs(a - b))
        elif a != b:
            raise ValueError(f"{place}: {a!r} on one device, {b!r} on the other")
    return max(apart)


def _leaves(answer: Any, place: str = "") -> list[tuple[str, Any]]:
    """Each number and word with its place; a kind's is its id, as their order may differ."""
    if isinstance(answer, dict):
        return [leaf for name, value in answer.items() for leaf in _leaves(value, f"{place}/{name}")]
    if place == "/kinds":
        return [(f"{place}/{kind['id']}", kind["p"]) for kind in answer]
    if isinstance(answer, list):
        return [leaf for n, value in enumerate(answer) for leaf in _leaves(value, f"{place}/{n}")]
    return [(place, answer)]


def compared(name: str, gpu: dict[str, Any], cpu: dict[str, Any]) -> list[Figure]:
    """Return the figures of one artifact."""
    same, apart = 0, 0.0
    for photo, answer in gpu["answers"].items():
        try:
            apart = max(apart, furthest(answer, cpu["answers"][photo]))
            same += 1
        except ValueError as error:
            say(f"{name}, {photo}: {error}")
    return [
        Figure(f"{name}_same_words_percent", 100 * same / len(gpu["answers"]), at_least=100),
        Figure(f"{name}_largest_difference", apart, at_most=MOST_APART),
        Figure(f"{name}_request_ms_gpu", gpu["ms"]),
        Figure(f"{name}_request_ms_cpu", cpu["ms"]),
    ]


def main() -> int:
    """Compare both artifacts, print one line per figure, and write them to a file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model.demo_on_gpu", description=__doc__)
    parser.add_argument("--out", type=Path, default=FIGURES / "demo-gpu.json", help="default: %(default)s")
    parser.add_argument(
        "--answers", choices=ARTIFACTS, help="print an artifact's answers here as JSON, alone"
    )
    options = parser.parse_args()
    if options.answers:
        print(json.dumps(answers(options.answers)))  # noqa: T201
        return 0
    if not torch.cuda.is_available():
        say("torch finds no GPU; use a machine with one and a CUDA build of torch")
        return 1
    figures: list[Figure] = []
    detail: dict[str, Any] = {"device": torch.cuda.get_device_name(), "torch": torch.__version__}
    for name in ARTIFACTS:
        gpu, cpu = _in_process(name), _in_process(name, CUDA_VISIBLE_DEVICES="")
        found = compared(name, gpu, cpu)
        detail[name] = {"gpu": gpu["state"], "cpu": cpu["state"]}
        show(found)
        figures += found
    write(options.out, figures, detail)
    return 0 if all(figure.met for figure in figures) else 1


def _in_process(artifact: str, **variables: str) -> dict[str, Any]:
    command = (sys.executable, "-m", "benchmarks.model.demo_on_gpu", "--answers", artifact)
    done = subprocess.run(
        command, cwd=_ROOT, env={**os.environ, **variables}, check=True, stdout=subprocess.PIPE
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
