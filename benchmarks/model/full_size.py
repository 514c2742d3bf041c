"""Random weights in the real size of blip2-flan-t5-xl: seconds, memory, and the share of the roofline.

Roofline: a request must read the weights that it needs from the device's memory, so its least time is

    (V + parts * (E + 2 D)) / B, and with a caption (E + t D) / B more

with V the bytes of vision tower and Q-Former, E of the encoder, D of the decoder and its head (once for the
first tokens, once for the rest), `parts` the number of batches of photo and prompt, t the caption's tokens,
and B the bandwidth of copying a large tensor on this device. The share is that least time divided by the
measured time.
"""

from __future__ import annotations

import math
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.figures import Figure
from benchmarks.model.compare import closed_questions, compare, seconds, ways
from benchmarks.model.random_blip2 import FULL, IMAGE, Size, blip, processor
from benchmarks.model.random_photos import noise
from model_artifacts.blip2.tools import catalogue_file
from model_artifacts.blip2_demo.training.evaluate import handlers

BATCHES = (1, 4, 8, 16)
TOKENS = 30
_GIB = 1 << 30


def measure(device: str, size: Size = FULL) -> tuple[list[Figure], dict[str, Any]]:
    """Save random weights, load them as the endpoint does, and time their answers."""
    handlers()
    from loading import load_blip2
    from scoring import Scorer

    with tempfile.TemporaryDirectory() as folder:
        _save(Path(folder), device, size)
        started = time.perf_counter()
        scorer = Scorer(*load_blip2(Path(folder), device))
        loaded = time.perf_counter() - started
    scorer.blip.language_model.generation_config.eos_token_id = None
    figures, taken = compare("t5", scorer, {1: 3, 8: 1})
    bandwidth = _bandwidth(scorer.blip.device)
    figures += [Figure("full_size_load_s", loaded), Figure("full_size_bandwidth_gb_s", bandwidth / 1e9)]
    for count in BATCHES:
        figures += _throughput(scorer, count, bandwidth)
    if scorer.blip.device.type == "cuda":
        figures.append(Figure("full_size_peak_memory_gib", torch.cuda.max_memory_allocated() / _GIB))
    name = torch.cuda.get_device_name() if scorer.blip.device.type == "cuda" else "cpu"
    dtype = str(scorer.blip.language_model.dtype).removeprefix("torch.")
    return figures, {"device": name, "dtype": dtype, "seconds": taken}


def _save(folder: Path, device: str, size: Size) -> None:
    words = processor("t5", size)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float16)  # float32 would not fit on small cards
    try:
        with torch.device(device):
            fresh = blip("t5", size, words.tokenizer.convert_tokens_to_ids(IMAGE))
    finally:
        torch.set_default_dtype(before)
    fresh.save_pretrained(folder)
    words.save_pretrained(folder)
    catalogue_file.write(folder, "drawn")
    del fresh
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _bandwidth(device: torch.device) -> float:
    """Return the bytes per second that a copy reads and writes, the best of ten."""
    source = torch.empty(_GIB // 4 if device.type == "cuda" else _GIB // 64, device=device)
    target = torch.empty_like(source)
    best = min(seconds(lambda: target.copy_(source)) for _ in range(10))
    return 2 * source.nbytes / best


def _bytes(*modules: Any) -> int:
    return sum(weight.nbytes for module in modules for weight in module.parameters())


def _throughput(scorer: Any, count: int, bandwidth: float) -> list[Figure]:
    from t5 import _ROWS

    photos = noise(count)
    todo = ways(scorer, photos)
    todo["ours"]()
    ours = min(seconds(todo["ours"]) for _ in range(3))
    caption = min(seconds(todo["caption"]) for _ in range(2))
    model = scorer.blip
    language = model.language_model
    vision = _bytes(model.vision_model, model.qformer, model.language_projection)
    encoder, decoder = _bytes(language.encoder), _bytes(language.decoder, language.lm_head)
    parts = math.ceil(count * len(closed_questions(scorer)) / _ROWS[scorer.blip.device.type])
    least = (vision + parts * (encoder + 2 * decoder)) / bandwidth
    least_caption = (encoder + TOKENS * decoder) / bandwidth
    label = f"full_size_{count}_photos"
    return [
        Figure(f"{label}_s_per_photo", ours / count),
        Figure(f"{label}_photos_per_s", count / ours),
        Figure(f"{label}_roofline_share", least / ours),
        Figure(f"{label}_with_caption_s_per_photo", (ours + caption) / count),
        Figure(f"{label}_with_caption_roofline_share", (least + least_caption) / (ours + caption)),
    ]
