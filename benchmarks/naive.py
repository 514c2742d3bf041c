"""How BLIP-2 is asked without scoring: by `generate`, or by a forward pass for each candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image


@dataclass(frozen=True)
class PendingInference:
    """A prompt, its candidates, and how many tokens the longest of them has."""

    prompt: str
    candidates: tuple[str, ...]
    longest: int


def generate(blip: Any, processor: Any, photos: Sequence[Image.Image], prompts: list[str], most: int) -> Any:
    """Greedy, with the cache."""
    inputs = processor(images=list(photos), text=prompts, padding=True, return_tensors="pt")
    inputs = inputs.to(blip.device, blip.dtype)
    with torch.inference_mode():
        return blip.generate(**inputs, max_new_tokens=most, do_sample=False, num_beams=1, use_cache=True)


def one_by_one(
    blip: Any, processor: Any, photos: Sequence[Image.Image], asked: Sequence[PendingInference]
) -> None:
    """One call for each question about each photo, no longer than the question's longest candidate."""
    for photo in photos:
        for question in asked:
            generate(blip, processor, [photo], [question.prompt], question.longest)


def photo_by_photo(
    blip: Any, processor: Any, photos: Sequence[Image.Image], asked: Sequence[PendingInference]
) -> None:
    """One call for all questions about a photo, as long as the longest candidate of them all."""
    prompts = [question.prompt for question in asked]
    for photo in photos:
        generate(blip, processor, [photo] * len(asked), prompts, max(question.longest for question in asked))


def likelihood(blip: Any, processor: Any, photo: Image.Image, prompt: str, answer: list[int]) -> float:
    """Σ log p of one answer from one forward pass over image, prompt and answer, nothing cached."""
    inputs = processor(images=photo, text=prompt, return_tensors="pt").to(blip.device, blip.dtype)
    tokens = torch.tensor([answer], device=blip.device)
    with torch.inference_mode():
        if blip.config.use_decoder_only_language_model:
            inputs["input_ids"] = torch.cat([inputs["input_ids"], tokens], dim=1)
            inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
            logits = blip(**inputs).logits[:, -len(answer) - 1 : -1]
        else:
            start = [[blip.config.text_config.decoder_start_token_id, *answer[:-1]]]
            logits = blip(**inputs, decoder_input_ids=torch.tensor(start, device=blip.device)).logits
    return float(logits.float().log_softmax(-1).gather(2, tokens.unsqueeze(-1)).sum())
