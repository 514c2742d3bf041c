"""What no way that reads each question on its own can leave out: one vision pass, one pass for each question.

An OPT's image is read once for all its questions. Nothing of the answers is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image


def passes(scorer: Any, photos: list[Image.Image], prompts: Sequence[str]) -> None:
    """All prompts about all photos, in one batch of rows filled up at their right."""
    with torch.inference_mode():
        seen = scorer.encode(photos)
        rows = torch.arange(len(photos), device=seen.device).repeat_interleave(len(prompts))
        inputs = scorer.tokenizer(list(prompts), padding=True, padding_side="right", return_tensors="pt")
        tokens, text = (inputs[name].repeat(len(photos), 1) for name in ("input_ids", "attention_mask"))
        tokens, text = tokens.to(seen.device), text.to(seen.device)
        mask = torch.cat([text.new_ones(len(rows), seen.shape[1]), text], dim=1)
        read = _opt if scorer.blip.config.use_decoder_only_language_model else _t5
        read(scorer.blip, seen, rows, tokens, mask)


def _opt(blip: Any, seen: Any, rows: Any, tokens: Any, mask: Any) -> None:
    language = blip.language_model
    seen = seen.to(language.get_input_embeddings().weight.dtype)
    cache = language.model(inputs_embeds=seen, use_cache=True).cache
    cache.batch_select_indices(rows)
    states = language.model(input_ids=tokens, attention_mask=mask, cache=cache).last_hidden_state
    ends = mask.sum(-1) - seen.shape[1] - 1
    language.lm_head(states[torch.arange(len(rows), device=rows.device), ends]).float().log_softmax(-1)


def _t5(blip: Any, seen: Any, rows: Any, tokens: Any, mask: Any) -> None:
    language = blip.language_model
    words = language.get_input_embeddings()(tokens)
    embedded = torch.cat([seen[rows].to(words.dtype), words], dim=1)
    states = language.get_encoder()(inputs_embeds=embedded, attention_mask=mask)
    start = torch.full((len(rows), 1), blip.config.text_config.decoder_start_token_id, device=rows.device)
    step = language(encoder_outputs=states, attention_mask=mask, decoder_input_ids=start, use_cache=True)
    step.logits[:, -1].float().log_softmax(-1)
