"""`python -m benchmarks.model.gpu`: a full-size BLIP-2 on a GPU, by captured CUDA graphs and without them.

Random weights of blip2-flan-t5-xl (3.94 B parameters) in bf16 and fp16. A report is what one request asks:
the vision tower, the search in 1,000 names, eight prompts for each photo, and a caption of 30 tokens. Several
requests of one photo in one batch show what batching across requests gains. The output is sharpened until the
likeliest first token has half the probability, as a trained model answers. Ways take turns, and the least
time counts. Graphs must give the numbers of the same passes without graphs to the last bit.

The roofline is the least time that `roofline` finds.

Needs torch built for CUDA, transformers, tokenizers, pillow and numpy, in the versions of
`model_artifacts/blip2/code/requirements.txt`, and nothing from outside.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from benchmarks.figures import FIGURES, Figure, say, show
from benchmarks.model.random_blip2 import FULL, IMAGE, Size, blip, processor
from benchmarks.model.random_names import tree_of
from benchmarks.model.random_photos import noise
from benchmarks.model.roofline import bandwidth_of, least_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

CODE = Path(__file__).resolve().parents[2] / "model_artifacts" / "blip2" / "code"
PROMPTS = (
    ("Question: what is it made of? Short answer:", ("ceramic", "glass", "metal", "plastic", "wood")),
    ("Question: what is on the item? Short answer:", ("chip", "crack", "dent", "scratch")),
    *((f"Question: is there a {tag} on it? Short answer:", ("yes", "no"))
      for tag in ("chip", "crack", "dent", "scratch", "stain", "tear")),
)  # fmt: skip
SEARCH = "Question: what is this? Short answer:"
CAPTION = "a photo of"
NAMES, TOKENS, TOP = 1000, 30, 5
PHOTOS = {1: 0.2, 2: None, 4: None, 8: 0.25}
"""Photos of a report, and the most seconds that it may take on an H100, if there is a goal."""
REQUESTS = (2, 4, 8)
"""Requests of one photo each that are answered in one batch."""
CAPTION_OVER_FLOOR = 5.0
_ROUNDS = 5
_LIKELIEST = 0.5
_GIB = 1 << 30


@dataclass(frozen=True)
class Report:
    """The numbers and captions of the reports of one batch, and what their search took."""

    numbers: list[torch.Tensor]
    captions: list[str]
    rounds: int


class NoCapture:
    """Pads passes as for a capture, and lets none be captured."""

    def __call__(self, work: Any, reset: Any) -> Any:
        """Refuse."""
        raise RuntimeError("graphs are switched off")


def scorer_of(device: str, dtype: torch.dtype, size: Size) -> Any:
    """Return the artifact's scorer with random weights, in the precision in which an endpoint holds them."""
    if str(CODE) not in sys.path:
        sys.path.insert(0, str(CODE))
    from scoring import Scorer

    words = processor("t5", size)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            fresh = blip("t5", size, words.tokenizer.convert_tokens_to_ids(IMAGE))
    finally:
        torch.set_default_dtype(before)
    if dtype == torch.float16:  # as the library loads them: they overflow in fp16
        for name, module in fresh.language_model.named_modules():
            if name.endswith(".wo"):
                module.float()
    fresh.set_attn_implementation("sdpa")
    return Scorer(fresh, words)


def report(scorer: Any, photos: list[Image.Image], tree: Any, requests: int = 1) -> Report:
    """Answer what one request asks about these photos, or several requests of as many photos each."""
    from scoring import PhotoPrompt
    from search import Search

    features = scorer.encode(photos)
    each = len(photos) // requests
    shares = [tuple(range(first, first + each)) for first in range(0, len(photos), each)]
    answers, cost = scorer.search(features, [Search(share, SEARCH) for share in shares], tree, TOP)
    asked = [
        PhotoPrompt(photo, prompt, scorer.answer_tokens(words))
        for prompt, words in PROMPTS
        for photo in range(len(photos))
    ]
    scores = scorer.score_prompts(features, asked)
    captions = scorer.captions(features[::each], CAPTION, TOKENS)
    found = torch.tensor([one.p for answer in answers for one in answer.top])
    return Report([features, *scores, found], captions, cost.rounds)


def measure(
    device: str, dtype: torch.dtype, size: Size = FULL, capture: Callable[[], Any] | None = None
) -> tuple[list[Figure], dict[str, Any]]:
    """Time reports and captions with graphs and without; `capture` takes the place of CUDA's."""
    scorer = scorer_of(device, dtype, size)
    from graphs import Graphs

    captured = Graphs.of_device(scorer.blip.device) if capture is None else Graphs(capture())
    eager = Graphs(NoCapture())
    _sharpen(scorer)
    tree = tree_of(NAMES, NAMES, scorer.blip.config.text_config.vocab_size)
    bandwidth = bandwidth_of(device)
    label = str(dtype).removeprefix("torch.").replace("float", "fp").replace("bfp", "bf")
    figures = [Figure(f"{label}_bandwidth_gb_s", bandwidth / 1e9)]
    detail: dict[str, Any] = {}
    shapes = [(f"{count}_photos", count, 1, most) for count, most in PHOTOS.items()]
    shapes += [(f"{count}_requests", count, count, None) for count in REQUESTS]
    for shape, count, requests, most in shapes:
        work = partial(report, scorer, noise(count), tree, requests)
        found: dict[str, Report] = {}

        def way(name: str, graphs: Any, work: Any = work, found: Any = found) -> Callable[[], None]:
            def timed() -> None:
                scorer.graphs = scorer.language.graphs = graphs
                found[name] = work()

            return timed

        first = _seconds(device, way("graphs", captured))
        best = _least(device, {"graphs": way("graphs", captured), "eager": way("eager", eager)})
        least = least_bytes(scorer.blip, found["graphs"].rounds, TOKENS) / bandwidth
        name = f"{label}_{shape}"
        figures += [
            Figure(f"{name}_report_s", best["graphs"], at_most=most),
            Figure(f"{name}_report_eager_s", best["eager"]),
            Figure(f"{name}_report_first_s", first),
            Figure(f"{name}_roofline_share", least / best["graphs"]),
            Figure(f"{name}_graphs_equal_percent", _equal(found["graphs"], found["eager"]), at_least=100),
        ]
        detail[name] = {"rounds": found["graphs"].rounds, "graphs": str(captured)}
    figures += _caption(scorer, device, label, captured, eager, bandwidth)
    figures.append(Figure(f"{label}_captures_failed", float(captured.failure is not None), at_most=0))
    figures.append(Figure(f"{label}_graph_buffers_gib", captured.held_bytes() / _GIB))
    if device == "cuda":
        figures.append(Figure(f"{label}_peak_memory_gib", torch.cuda.max_memory_allocated() / _GIB))
    return figures, detail | {"parameters": sum(one.numel() for one in scorer.blip.parameters())}


@torch.inference_mode()
def _sharpen(scorer: Any) -> None:
    """Multiply the output until the likeliest first token has half the probability."""
    first = scorer.language.read(scorer.encode(noise(1)), [(0, scorer.tokenizer(SEARCH).input_ids)]).first
    low, high = 0.01, 1000.0
    for _ in range(30):
        factor = math.sqrt(low * high)
        low, high = (
            (low, factor) if float((first * factor).softmax(-1).max()) > _LIKELIEST else (factor, high)
        )
    scorer.blip.language_model.lm_head.weight.mul_(factor)


def _caption(
    scorer: Any, device: str, label: str, captured: Any, eager: Any, bandwidth: float
) -> list[Figure]:
    features = scorer.encode(noise(1))
    words = scorer.tokenizer(CAPTION).input_ids
    said: dict[str, Any] = {}

    def ours(name: str, graphs: Any) -> Callable[[], None]:
        def work() -> None:
            scorer.graphs = scorer.language.graphs = graphs
            with torch.inference_mode():
                said[name] = scorer.language.say(features, [(0, words)], TOKENS, None)

        return work

    def generated() -> None:
        model = scorer.blip
        with torch.inference_mode():
            prompt = model.get_input_embeddings()(torch.tensor([words], device=features.device))
            embedded = torch.cat([features.to(prompt.dtype), prompt], dim=1)
            mask = torch.ones(embedded.shape[:2], dtype=torch.long, device=features.device)
            found = model.language_model.generate(
                inputs_embeds=embedded, attention_mask=mask, max_new_tokens=TOKENS, do_sample=False
            )
        said["generate"] = found[:, -TOKENS:].tolist()

    ways = {"graphs": ours("graphs", captured), "eager": ours("eager", eager), "generate": generated}
    best = _least(device, ways)
    floor = least_bytes(scorer.blip, None, TOKENS) / bandwidth
    return [
        Figure(f"{label}_caption_ms", 1000 * best["graphs"]),
        Figure(f"{label}_caption_floor_ms", 1000 * floor),
        Figure(f"{label}_caption_over_floor", best["graphs"] / floor, at_most=CAPTION_OVER_FLOOR),
        Figure(f"{label}_caption_eager_ms", 1000 * best["eager"]),
        Figure(f"{label}_caption_generate_ms", 1000 * best["generate"]),
        Figure(f"{label}_caption_tokens_equal_percent", _same(said["graphs"], said["eager"]), at_least=100),
        Figure(f"{label}_caption_tokens_of_generate_percent", _same(said["graphs"], said["generate"])),
    ]


def _same(one: list[list[int]], other: list[list[int]]) -> float:
    return 100 * float(np.mean(np.array(one) == np.array(other)))


def _equal(one: Report, other: Report) -> float:
    """Return the share of the report's numbers and words that are equal to the last bit."""
    equal = [bool(torch.equal(a, b)) for a, b in zip(one.numbers, other.numbers, strict=True)]
    return 100 * float(np.mean([*equal, one.captions == other.captions]))


def _seconds(device: str, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _least(device: str, ways: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Run the ways in turn; return the least seconds of each."""
    for work in ways.values():
        work()
    found = [{name: _seconds(device, work) for name, work in ways.items()} for _ in range(_ROUNDS)]
    return {name: min(one[name] for one in found) for name in ways}


def main() -> int:
    """Measure both precisions, print one line per figure, and write them to a file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model.gpu", description=__doc__)
    parser.add_argument("--out", type=Path, default=FIGURES / "model-gpu.json", help="default: %(default)s")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        say("torch finds no GPU; use a machine with one and a CUDA build of torch")
        return 1
    detail: dict[str, Any] = {name: version(name) for name in ("torch", "transformers")}
    detail["device"] = torch.cuda.get_device_name()
    figures: list[Figure] = []
    for dtype in (torch.bfloat16, torch.float16):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        found, detail[str(dtype)] = measure("cuda", dtype)
        show(found)
        figures += found
    write(options.out, figures, detail)
    return 0


def write(file: Path, figures: list[Figure], detail: dict[str, Any]) -> None:
    """Write the run as JSON."""
    lines = [{"name": one.name, "value": one.value, "goal": one.goal, "met": one.met} for one in figures]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"figures": lines, "detail": detail}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
