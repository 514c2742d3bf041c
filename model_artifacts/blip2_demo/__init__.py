"""The demo model, a small BLIP-2 trained on drawn goods, and its recipe."""

from __future__ import annotations

from pathlib import Path

MODEL = Path(__file__).resolve().parents[1] / "blip2" / "model"
"""The committed weights with their configuration, tokenizer, processor and manifest."""
