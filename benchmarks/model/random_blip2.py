"""BLIP-2 with random weights in any size: the proportions of flan-t5-xl and OPT, and a small tokenizer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import torch
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    BlipImageProcessorPil,
    OPTConfig,
    PreTrainedTokenizerFast,
    T5Config,
)

Family = Literal["t5", "opt"]
PAD, END, UNKNOWN, IMAGE = "<pad>", "</s>", "<unk>", "<image>"
PIECE = 5
"""Letters per token: `ceramic` has two tokens and `mug` one, as in the real tokenizers."""
WORDS = (
    "a an and any blue chip crack dent scratch stain tear bag book bottle chair clock lamp mug shoe table "
    "vase unknown ceramic fabric glass leather metal paper plastic wood what is this it made of there on "
    "with photo item yes no Question Answer in the : . ?"
)


@dataclass(frozen=True)
class Size:
    """By how much width and depth are divided; the real model is (1, 1)."""

    narrower: int = 1
    shallower: int = 1
    image: int = 224
    fewer_words: int = 1

    def layers(self, real: int) -> int:
        """Return the number of layers in place of `real` ones."""
        return max(1, round(real / self.shallower))


FULL = Size()
QUARTER = Size(4, 4, fewer_words=16)
"""Widths and layers divided by four, the same tokens: each part keeps its share of the time."""
MINIATURE = Size(16, 12, 56, fewer_words=1000)
_LEAST_WORDS = 64


def processor(family: Family, size: Size, queries: int = 32) -> Any:
    """Return the processor of a random model; T5 marks the end of a text, OPT its beginning."""
    pieces = sorted({piece for word in WORDS.split() for piece in re.findall(f".{{1,{PIECE}}}", word)})
    table = {word: at for at, word in enumerate([PAD, END, UNKNOWN, IMAGE, *pieces])}
    core = Tokenizer(models.WordLevel(table, unk_token=UNKNOWN))
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Split(Regex(f".{{1,{PIECE}}}"), "isolated")]
    )
    core.post_processor = processors.TemplateProcessing(
        single="$A </s>" if family == "t5" else "</s> $A", special_tokens=[(END, table[END])]
    )
    core.add_special_tokens([PAD, END, UNKNOWN, IMAGE])
    words: Any = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=core, pad_token=PAD, eos_token=END, unk_token=UNKNOWN, padding_side="left"
    )
    images = BlipImageProcessorPil(size={"height": size.image, "width": size.image})
    return Blip2Processor(images, words, num_query_tokens=queries)  # type: ignore[no-untyped-call]


def config(family: Family, size: Size, image_token: int, queries: int = 32) -> Blip2Config:
    """Return the configuration of blip2-flan-t5-xl or blip2-opt-2.7b in this size."""
    by, layers = size.narrower, size.layers
    vision = Blip2VisionConfig(
        hidden_size=1408 // by, intermediate_size=6144 // by, num_hidden_layers=layers(39),
        num_attention_heads=max(1, 16 // by), image_size=size.image, patch_size=14,
        initializer_range=0.02,
    )  # fmt: skip
    qformer = Blip2QFormerConfig(
        hidden_size=768 // by, intermediate_size=3072 // by, num_hidden_layers=layers(12),
        num_attention_heads=max(1, 12 // by), cross_attention_frequency=2,
        vocab_size=30523 // size.fewer_words, max_position_embeddings=512,
    )  # fmt: skip
    text = T5Config(
        vocab_size=max(32128 // size.fewer_words, _LEAST_WORDS), d_model=2048 // by, d_kv=64, d_ff=5120 // by,
        num_layers=layers(24), num_decoder_layers=layers(24), num_heads=max(1, 32 // by),
        feed_forward_proj="gated-gelu", pad_token_id=0, eos_token_id=1,
    ) if family == "t5" else OPTConfig(
        vocab_size=max(50272 // size.fewer_words, _LEAST_WORDS), hidden_size=2560 // by,
        word_embed_proj_dim=2560 // by, ffn_dim=10240 // by, num_hidden_layers=layers(32),
        num_attention_heads=max(1, 32 // by), max_position_embeddings=2048, pad_token_id=0,
        bos_token_id=1, eos_token_id=1,
    )  # fmt: skip
    extra = {"tie_word_embeddings": False, "decoder_start_token_id": 0} if family == "t5" else {}
    given = {key: value for key, value in text.to_dict().items() if key != "scale_decoder_outputs"}
    return Blip2Config(
        vision_config=vision.to_dict(),
        qformer_config=qformer.to_dict(),
        text_config=given | extra,
        num_query_tokens=queries,
        image_token_index=image_token,
    )


def blip(family: Family, size: Size, image_token: int, seed: int = 0) -> Any:
    """Return a model with random weights whose answers differ between photos and prompts."""
    torch.manual_seed(seed)
    fresh: Any = Blip2ForConditionalGeneration(config(family, size, image_token))
    with torch.no_grad():
        fresh.query_tokens.normal_(0, 0.5)
        fresh.language_projection.weight.normal_(0, 0.05)
        for part in (fresh.vision_model, fresh.qformer, *([fresh.language_model] if family == "opt" else [])):
            for weight in part.parameters():
                if weight.ndim > 1:
                    weight.mul_(3)  # with smaller weights, all photos and prompts get the same answer
        if family == "t5":
            language = fresh.language_model
            language.shared.weight.mul_(0.2)  # with larger ones, one answer always wins
            own = torch.empty_like(language.lm_head.weight).normal_(0, 0.2 * language.model_dim**-0.5)
            language.lm_head.weight = torch.nn.Parameter(own)  # flan-t5 does not share it with its embeddings
    fresh.generation_config.eos_token_id = None
    fresh.language_model.generation_config.eos_token_id = None  # random weights would end at random
    return fresh.eval()
