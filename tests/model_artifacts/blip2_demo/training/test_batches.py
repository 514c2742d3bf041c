from __future__ import annotations

import torch

from model_artifacts.blip2_demo.training.batches import BATCH, Batches
from model_artifacts.blip2_demo.training.pool import TYPES, draw_pool


def test_batch_starts_with_unknown_pictures() -> None:
    batches = Batches(draw_pool(960_000, 8), seed=0)

    pixels, truth = batches.next()

    assert pixels.shape == (BATCH, 3, 96, 96)
    assert torch.isfinite(pixels).all()
    assert truth["type"][:2].tolist() == [TYPES.index("unknown")] * 2
