"""Checks that the tokenizer is the model's, and lets it frame prompts as the model was trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model_error import UnfitModelError
from tokenizers.processors import TemplateProcessing

if TYPE_CHECKING:
    from pathlib import Path

_PROBE = "a photo of"


def frame_prompts(folder: Path, text: Any, tokenizer: Any) -> None:
    """Let each prompt begin with OPT's first token, or end with T5's end token.

    Some tokenizers' files forget it. Raises UnfitModelError for tokens that the tokenizer does not have.
    """
    _check_end(folder, text, tokenizer)
    opt = text.model_type == "opt"
    token = text.bos_token_id if opt else text.eos_token_id
    plain = tokenizer(_PROBE, add_special_tokens=False).input_ids
    framed = [token, *plain] if opt else [*plain, token]
    if tokenizer(_PROBE).input_ids == framed:
        return
    word = tokenizer.convert_ids_to_tokens(token)
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if word is not None and backend is not None:
        backend.post_processor = TemplateProcessing(
            single=f"{word} $A" if opt else f"$A {word}", special_tokens=[(word, token)]
        )
    if tokenizer(_PROBE).input_ids != framed:
        raise UnfitModelError(
            f"{folder}: a prompt must {'begin' if opt else 'end'} with token {token} of config.json, which "
            f"the tokenizer reads as {word!r}: take the tokenizer and config.json of one revision"
        )


def _check_end(folder: Path, text: Any, tokenizer: Any) -> None:
    # BLIP-2's OPT ends lines: its token is a newline, and not the tokenizer's own end.
    end, own = text.eos_token_id, tokenizer.eos_token_id
    if end == own or (text.model_type == "opt" and tokenizer.decode([end]) == "\n"):
        return
    raise UnfitModelError(
        f"{folder / 'config.json'}: text_config.eos_token_id {end} is the tokenizer's "
        f"{tokenizer.convert_ids_to_tokens(end)!r}, which ends no answer; "
        f"{'a newline or ' if text.model_type == 'opt' else ''}{tokenizer.eos_token!r} ({own}) does"
    )
