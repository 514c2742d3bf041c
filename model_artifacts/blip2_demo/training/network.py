"""The demo's small BLIP-2, its tokenizer and processor, and the heads of the vision stage."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    BlipImageProcessorPil,
    T5Config,
)

import catalogue

from ...word_tokenizer import IMAGE, word_tokenizer
from ..drawing.drawing import TAGS
from .pool import COLOUR_NAMES, MATERIALS, SIZE, TYPES

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

    from catalogue import Catalogue

PATCH = 12
GRID = SIZE // PATCH
QUERIES = 12
_VISION_WIDTH, _QUERY_WIDTH, _LANGUAGE_WIDTH = 160, 128, 128
# No text has the word `tag`: it keeps the committed weights' words in their places.
_CAPTION_WORDS = "a with and photo of question answer yes no item tag : . ?"


@cache
def goods() -> Catalogue:
    """The catalogue of the ten kinds that the model knows."""
    return catalogue.load(catalogue.DRAWN)


def tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer of the words of all prompts, answers and captions."""
    asked = goods().questions
    wear = goods().departments["drawn"].wear
    text = [_CAPTION_WORDS, *TYPES, *MATERIALS, *COLOUR_NAMES, *TAGS, asked.type, asked.material]
    return word_tokenizer([*text, *(tag.question for tag in wear)])


def processor() -> Blip2Processor:
    """The processor that is saved with the model."""
    images = BlipImageProcessorPil(size={"height": SIZE, "width": SIZE})
    return Blip2Processor(images, tokenizer(), num_query_tokens=QUERIES)  # type: ignore[no-untyped-call]


def model() -> Blip2ForConditionalGeneration:
    """A BLIP-2 on T5 with fresh weights, about two million parameters."""
    words = tokenizer()
    config = Blip2Config(
        vision_config=Blip2VisionConfig(
            hidden_size=_VISION_WIDTH, intermediate_size=4 * _VISION_WIDTH, num_hidden_layers=4,
            num_attention_heads=5, image_size=SIZE, patch_size=PATCH, initializer_range=0.02,
        ).to_dict(),
        qformer_config=Blip2QFormerConfig(
            hidden_size=_QUERY_WIDTH, intermediate_size=4 * _QUERY_WIDTH,
            num_hidden_layers=2, num_attention_heads=4,
            vocab_size=8, max_position_embeddings=QUERIES, cross_attention_frequency=1,
            hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        ).to_dict(),
        text_config=T5Config(
            vocab_size=len(words), d_model=_LANGUAGE_WIDTH, d_kv=32, d_ff=256,
            num_layers=2, num_decoder_layers=2, num_heads=4, dropout_rate=0.0, feed_forward_proj="gated-gelu",
            pad_token_id=words.pad_token_id, eos_token_id=words.eos_token_id,
        ).to_dict() | {"decoder_start_token_id": words.pad_token_id},
        num_query_tokens=QUERIES, image_token_index=words.vocab[IMAGE],
    )  # fmt: skip
    fresh = Blip2ForConditionalGeneration(config)
    with torch.no_grad():
        fresh.query_tokens.normal_(0, 0.5)
        embeddings = fresh.vision_model.embeddings
        embeddings.position_embedding[:, 1:] = _grid_positions(GRID, _VISION_WIDTH)
    return fresh


def _grid_positions(side: int, width: int) -> Tensor:
    """Sine and cosine of each patch's row and column, as an initial position embedding."""
    steps = torch.arange(side, dtype=torch.float32)
    rates = 1 / 30 ** torch.linspace(0, 1, width // 4)
    angles = steps[:, None] * rates[None, :]
    line = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows, columns = line[:, None, :].expand(side, side, -1), line[None, :, :].expand(side, side, -1)
    return 0.3 * torch.cat([rows, columns], dim=2).reshape(1, side * side, width)


class Heads(nn.Module):
    """Linear heads that train the vision tower and Q-Former before the language stage."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Linear(_VISION_WIDTH, 1 + len(TYPES) + len(MATERIALS) + len(TAGS))
        self.kind = nn.Linear(_LANGUAGE_WIDTH, len(TYPES))
        self.material = nn.Linear(_LANGUAGE_WIDTH, len(MATERIALS))
        self.colour = nn.Linear(_LANGUAGE_WIDTH, len(COLOUR_NAMES))
        self.wear = nn.Linear(_LANGUAGE_WIDTH, 1)

    def forward(self, patches: Tensor, queries: Tensor) -> dict[str, Tensor]:
        """Logits per patch, and per picture from one query for each head."""
        logits = self.patches(patches)
        place, material, wear = logits.split([1 + len(TYPES), len(MATERIALS), len(TAGS)], dim=-1)
        return {
            "patch_type": place,
            "patch_material": material,
            "patch_wear": wear,
            "type": self.kind(queries[:, 0]),
            "material": self.material(queries[:, 1]),
            "colour": self.colour(queries[:, 2]),
            "wear": self.wear(queries[:, 3 : 3 + len(TAGS)]).squeeze(-1),
        }
