"""The small BLIP-2 that names photographs: its words, its sizes and its fresh weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from transformers import (
    Blip2Config,
    Blip2Processor,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    BlipImageProcessorPil,
    T5Config,
)

from services.core.narrative.grammar import with_article

from ..word_tokenizer import IMAGE, word_tokenizer
from .goods import goods, kinds
from .tower import tower_code

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

UNKNOWN = "unknown"
"""What the model answers where it knows no kind; a caption says `NOTHING` instead."""
NOTHING = "an item"
QUESTION_PROMPT, CAPTION_PROMPT = "{}", "a photo of"
_SIDE = 224
_QUERIES = 2
_WIDTH = 256
# The network was trained with pixels from -1 to 1.
_HALF = [0.5, 0.5, 0.5]


def prompts() -> tuple[str, str]:
    """What is asked about a photograph: its kind, and its caption."""
    return QUESTION_PROMPT.format(goods().questions.type), CAPTION_PROMPT


def answers() -> tuple[str, ...]:
    """What is answered for each share: the kinds' names, and what stands for none."""
    return (*(kind.answer for kind in goods().kinds.values()), UNKNOWN)


def captions() -> tuple[str, ...]:
    """What a caption says for each share, such as "an hourglass"."""
    nouns = [kind.noun for kind in goods().kinds.values()]
    return (*(with_article(noun, "en").lower() for noun in nouns), NOTHING)


def tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer of the words of all prompts, answers and captions."""
    return word_tokenizer([*prompts(), *answers(), *captions()])


def processor() -> Blip2Processor:
    """The processor that is saved with the model."""
    # The vision tower halves them, or looks nearer.
    size = {"height": 2 * _SIDE, "width": 2 * _SIDE}
    images = BlipImageProcessorPil(size=size, image_mean=_HALF, image_std=_HALF)
    return Blip2Processor(images, tokenizer(), num_query_tokens=_QUERIES)  # type: ignore[no-untyped-call]


def model() -> Any:
    """The BLIP-2 with fresh weights; those of its vision tower come from `conversion`."""
    words = tokenizer()
    shares = len(kinds()) + 1
    config = Blip2Config(
        # Of the vision transformer that is replaced, only the width of its tokens is read.
        vision_config=Blip2VisionConfig(
            hidden_size=2 * shares, intermediate_size=1, num_hidden_layers=0, num_attention_heads=1,
            image_size=_SIDE, patch_size=_SIDE,
        ).to_dict(),
        qformer_config=Blip2QFormerConfig(
            hidden_size=_WIDTH, intermediate_size=2 * _WIDTH, num_hidden_layers=1, num_attention_heads=4,
            vocab_size=8, max_position_embeddings=_QUERIES, cross_attention_frequency=1,
            encoder_hidden_size=2 * shares, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        ).to_dict(),
        text_config=T5Config(
            vocab_size=len(words), d_model=_WIDTH, d_kv=64, d_ff=2 * _WIDTH, num_layers=1,
            num_decoder_layers=1, num_heads=4, dropout_rate=0.0, feed_forward_proj="gated-gelu",
            pad_token_id=words.pad_token_id, eos_token_id=words.eos_token_id,
        ).to_dict() | {"decoder_start_token_id": words.pad_token_id},
        num_query_tokens=_QUERIES, image_token_index=words.vocab[IMAGE],
    )  # fmt: skip
    fresh = tower_code().Blip2OnEfficientNet(config)
    fresh.query_tokens.data.normal_(0, 0.5)
    return fresh
