"""Loads a BLIP-2 and its processor from a folder, or says what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from efficientnet import ARCHITECTURE, VIEW_SCALE, Blip2OnEfficientNet, Views
from model_error import UnfitModelError
from prompt_frame import frame_prompts
from transformers import AutoConfig, Blip2ForConditionalGeneration, Blip2Processor
from weight_check import check_weights, check_words

if TYPE_CHECKING:
    from pathlib import Path


def load_blip2(folder: Path, device: str) -> tuple[Any, Any]:
    """The model on the device and its processor, without a network.

    Raises UnfitModelError for a config that is not a BLIP-2 on T5 or OPT, weights that are missing, left over
    or of another shape, a tokenizer that does not belong to the model, and a processor whose pictures the
    vision tower does not fit.
    """
    config: Any = AutoConfig.from_pretrained(folder, local_files_only=True)
    check_config(folder, config)
    check_weights(folder, config, architecture_of(config))
    loaded: Any = architecture_of(config).from_pretrained(
        folder,
        dtype=precision(config),
        attn_implementation="sdpa",
        local_files_only=True,
        output_loading_info=True,
    )
    blip, found = loaded
    if faults := {name: keys for name, keys in found.items() if keys and name != "unexpected_keys"}:
        raise UnfitModelError(f"{folder}: its weights cannot be read: {faults}")
    check_words(folder, blip)
    processor = Blip2Processor.from_pretrained(folder, backend="pil", local_files_only=True)
    frame_prompts(folder, config.text_config, processor.tokenizer)
    if architecture_of(config) is Blip2OnEfficientNet:
        _check_side(folder, config, processor.image_processor)
        processor.image_processor = Views(processor.image_processor)
    return blip.to(device).eval(), processor


def architecture_of(config: Any) -> Any:
    """The class of the model by `architectures` of its config: BLIP-2, or one with a vision tower of ours."""
    named = getattr(config, "architectures", None) or ()
    return Blip2OnEfficientNet if ARCHITECTURE in named else Blip2ForConditionalGeneration


def precision(config: Any) -> torch.dtype:
    """bfloat16 on a GPU that supports it, float16 on another GPU, float32 on a CPU.

    float32 everywhere for a classifier as the vision tower: it is small, and half precision would round the
    shares that it passes on. Given explicitly: weights of mixed types that are loaded without a type all
    become float32.
    """
    if not torch.cuda.is_available() or architecture_of(config) is Blip2OnEfficientNet:
        return torch.float32
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16


def _check_side(folder: Path, config: Any, processor: Any) -> None:
    side = VIEW_SCALE * config.vision_config.image_size
    if (processor.size["height"], processor.size["width"]) != (side, side):
        raise UnfitModelError(
            f"{folder / 'processor_config.json'}: image_processor.size must be {side} × {side}, {VIEW_SCALE} "
            f"times vision_config.image_size of config.json, not {dict(processor.size)}: set it, since the "
            "tower halves what it gets and answers worse from smaller pictures"
        )


def check_config(folder: Path, config: Any) -> None:
    """Raise UnfitModelError for a config that is not a BLIP-2's on T5 or OPT, or leaves something out."""
    path = folder / "config.json"
    text: Any = getattr(config, "text_config", None)
    if config.model_type != "blip-2" or text.model_type not in ("t5", "opt"):
        kind = config.model_type if config.model_type != "blip-2" else f"a BLIP-2 on {text.model_type}"
        raise UnfitModelError(f"{path}: must be a BLIP-2 on T5 or OPT, not {kind}")
    for key in ("image_token_index", "num_query_tokens"):
        if getattr(config, key, None) is None:
            raise UnfitModelError(f"{path}: {key} is missing; it places the image in the prompt")
    wanted = {"eos_token_id": "ends an answer"}
    wanted |= (
        {"decoder_start_token_id": "begins an answer"}
        if text.model_type == "t5"
        else {"bos_token_id": "begins a prompt"}
    )
    for key, purpose in wanted.items():
        token = getattr(text, key, None)
        if type(token) is not int or not 0 <= token < text.vocab_size:
            raise UnfitModelError(
                f"{path}: text_config.{key} must be the one token that {purpose}, below "
                f"vocab_size {text.vocab_size}, not {token!r}"
            )
