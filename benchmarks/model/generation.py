"""BLIP-2 without scoring: `generate`, one forward pass per candidate, and the fewest passes possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image


@dataclass(frozen=True)
class Question:
    """A prompt, its candidate answers, and the number of tokens of the longest."""

    prompt: str
    candidates: tuple[str, ...]
    longest: int


def generate(blip: Any, processor: Any, photos: Sequence[Image.Image], prompts: list[str], most: int) -> Any:
    """Generate answers of at most `most` tokens, greedily and with the cache."""
    inputs = processor(images=list(photos), text=prompts, padding=True, return_tensors="pt")
    inputs = inputs.to(blip.device, blip.dtype)
    with torch.inference_mode():
        return blip.generate(**inputs, max_new_tokens=most, do_sample=False, num_beams=1, use_cache=True)


def one_by_one(
    blip: Any, processor: Any, photos: Sequence[Image.Image], questions: Sequence[Question]
) -> None:
    """Generate once per question and photo, no longer than the question's longest candidate."""
    for photo in photos:
        for question in questions:
            generate(blip, processor, [photo], [question.prompt], question.longest)


def photo_by_photo(
    blip: Any, processor: Any, photos: Sequence[Image.Image], questions: Sequence[Question]
) -> None:
    """Generate once per photo for all questions, as long as the longest candidate of all."""
    prompts = [question.prompt for question in questions]
    for photo in photos:
        generate(
            blip,
            processor,
            [photo] * len(questions),
            prompts,
            max(question.longest for question in questions),
        )


def likelihood(blip: Any, processor: Any, photo: Image.Image, prompt: str, answer: list[int]) -> float:
    """Return Σ log p of one answer, by one forward pass over image, prompt and answer without a cache."""
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


def least_passes(scorer: Any, photos: list[Image.Image], prompts: Sequence[str]) -> None:
    """Run what reading each question separately needs at least: one vision pass, one prefix pass each.

    All pairs of photo and prompt form one batch, padded on the right. OPT reads each image once for all its
    questions. No answer is read.
    """
    with torch.inference_mode():
        features = scorer.encode(photos)
        rows = torch.arange(len(photos), device=features.device).repeat_interleave(len(prompts))
        inputs = scorer.tokenizer(list(prompts), padding=True, padding_side="right", return_tensors="pt")
        tokens, text = (inputs[name].repeat(len(photos), 1) for name in ("input_ids", "attention_mask"))
        tokens, text = tokens.to(features.device), text.to(features.device)
        mask = torch.cat([text.new_ones(len(rows), features.shape[1]), text], dim=1)
        read = _opt if scorer.blip.config.use_decoder_only_language_model else _t5
        read(scorer.blip, features, rows, tokens, mask)


def _opt(blip: Any, features: Any, rows: Any, tokens: Any, mask: Any) -> None:
    language = blip.language_model
    features = features.to(language.get_input_embeddings().weight.dtype)
    cache = language.model(inputs_embeds=features, use_cache=True).cache
    cache.batch_select_indices(rows)
    states = language.model(input_ids=tokens, attention_mask=mask, cache=cache).last_hidden_state
    ends = mask.sum(-1) - features.shape[1] - 1
    language.lm_head(states[torch.arange(len(rows), device=rows.device), ends]).float().log_softmax(-1)


def _t5(blip: Any, features: Any, rows: Any, tokens: Any, mask: Any) -> None:
    language = blip.language_model
    words = language.get_input_embeddings()(tokens)
    embedded = torch.cat([features[rows].to(words.dtype), words], dim=1)
    states = language.get_encoder()(inputs_embeds=embedded, attention_mask=mask)
    start = torch.full((len(rows), 1), blip.config.text_config.decoder_start_token_id, device=rows.device)
    step = language(encoder_outputs=states, attention_mask=mask, decoder_input_ids=start, use_cache=True)
    step.logits[:, -1].float().log_softmax(-1)
