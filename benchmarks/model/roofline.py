"""The least time of a report: it must read the weights that it needs from the device's memory. In seconds,

    (V + 2 E + (2 + rounds) D + E + t D) / B

with V the bytes of vision tower and Q-Former, E of the encoder (for the search and for the prompts, and once
more for the caption), D of the decoder and its head (for a first step each, the search's rounds, and the
caption's t tokens), and B the bandwidth of copying a large tensor on this device.
"""

from __future__ import annotations

import time
from typing import Any

import torch

_GIB = 1 << 30


def least_bytes(blip: Any, rounds: int | None, tokens: int) -> int:
    """Return the bytes that a T5's report of so many rounds must read; None: its caption alone."""
    language = blip.language_model
    encoder, decoder = _bytes(language.encoder), _bytes(language.decoder, language.lm_head)
    caption = encoder + tokens * decoder
    if rounds is None:
        return caption
    vision = _bytes(blip.vision_model, blip.qformer, blip.language_projection)
    return vision + 2 * encoder + (2 + rounds) * decoder + caption


def _bytes(*modules: Any) -> int:
    """Return the bytes of the weights that a pass reads: of embeddings, it reads a few rows."""
    return sum(
        int(weight.nbytes)
        for module in modules
        for name, weight in module.named_parameters()
        if "embed_tokens" not in name
    )


def bandwidth_of(device: str) -> float:
    """Return the bytes per second that a copy reads and writes, the best of ten."""
    source = torch.empty(_GIB // 4 if device == "cuda" else _GIB // 256, device=device)
    target = torch.empty_like(source)
    best = float("inf")
    for _ in range(10):
        started = time.perf_counter()
        target.copy_(source)
        if device == "cuda":
            torch.cuda.synchronize()
        best = min(best, time.perf_counter() - started)
    return 2 * source.nbytes / best
