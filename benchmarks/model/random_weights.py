"""`python -m benchmarks.model.random_weights FOLDER`: a model's folder in the size of blip2-flan-t5-xl.

Its answers are meaningless, at the real model's cost: `make model MODEL=FOLDER` builds its archive. Numbers
are drawn and written a few million at a time, so that memory stays far below the 8 GB of the weights.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    Blip2QFormerConfig,
    Blip2VisionConfig,
    BlipImageProcessorPil,
    T5Config,
)

from model_artifacts.blip2.tools import catalogue_file, weights
from model_artifacts.blip2_demo.training.network import tokenizer
from model_artifacts.word_tokenizer import IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "random-flan-t5-xl"
_SHARD_BYTES = 2_000_000_000
_STEP = 1 << 24
_SPREAD = 0.02
_HEAD = "language_model.lm_head.weight"
"""flan-t5 has an output layer of its own, beside its embeddings."""


@dataclass(frozen=True)
class Size:
    """The sizes of a BLIP-2 on flan-t5; by default those of blip2-flan-t5-xl with 3.942 B parameters."""

    vision: dict[str, Any] = field(
        default_factory=lambda: {
            "hidden_size": 1408, "intermediate_size": 6144, "num_hidden_layers": 39,
            "num_attention_heads": 16, "image_size": 224, "patch_size": 14,
        }
    )  # fmt: skip
    qformer: dict[str, Any] = field(
        default_factory=lambda: {
            "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        }
    )  # fmt: skip
    text: dict[str, Any] = field(
        default_factory=lambda: {
            "d_model": 2048, "d_kv": 64, "d_ff": 5120, "num_layers": 24, "num_decoder_layers": 24,
            "num_heads": 32, "vocab_size": 32128,
        }
    )  # fmt: skip
    queries: int = 32


def write_random_model(
    folder: Path, size: Size | None = None, *, shard_bytes: int = _SHARD_BYTES, seed: int = 0
) -> Path:
    """Write a model's folder of `size` with random fp16 weights; the same seed gives the same bytes."""
    size = size or Size()
    folder.mkdir(parents=True, exist_ok=True)
    words = tokenizer()
    config = _config(size, words)
    with torch.device("meta"):
        blip: Any = Blip2ForConditionalGeneration(config)
    shapes = {name: tuple(one.shape) for name, one in blip.named_parameters()}
    shapes[_HEAD] = tuple(blip.language_model.lm_head.weight.shape)  # the library shares it by default
    shards = _shards(list(shapes.items()), shard_bytes)
    names = [f"model-{n:05}-of-{len(shards):05}.safetensors" for n in range(1, len(shards) + 1)]
    draw = torch.Generator().manual_seed(seed)
    for name, shard in zip(names, shards, strict=True):
        weights.write_safetensors(folder / name, shard, _numbers(shard, draw))
    index = {
        "metadata": {"total_size": sum(one.size for shard in shards for one in shard)},
        "weight_map": {one.name: name for name, shard in zip(names, shards, strict=True) for one in shard},
    }
    (folder / weights.INDEX).write_text(f"{json.dumps(index, indent=2, sort_keys=True)}\n", "utf-8")
    config.architectures, config.dtype = ["Blip2ForConditionalGeneration"], "float16"
    config.save_pretrained(folder)
    blip.generation_config.save_pretrained(folder)
    side = size.vision["image_size"]
    images = BlipImageProcessorPil(size={"height": side, "width": side})
    processor: Any = Blip2Processor(images, words, num_query_tokens=size.queries)  # type: ignore[no-untyped-call]
    processor.save_pretrained(folder)
    (folder / "manifest.json").write_text(f"{json.dumps({'name': NAME})}\n", "utf-8")
    catalogue_file.write(folder, "drawn")  # the words that its tokenizer knows
    return folder


def _config(size: Size, words: Any) -> Any:
    text = T5Config(
        **size.text,
        feed_forward_proj="gated-gelu",
        pad_token_id=words.pad_token_id,
        eos_token_id=words.eos_token_id,
    )
    return Blip2Config(
        vision_config=Blip2VisionConfig(**size.vision).to_dict(),
        qformer_config=Blip2QFormerConfig(
            **size.qformer, encoder_hidden_size=size.vision["hidden_size"]
        ).to_dict(),
        text_config={key: value for key, value in text.to_dict().items() if key != "scale_decoder_outputs"}
        | {"decoder_start_token_id": words.pad_token_id, "tie_word_embeddings": False},
        num_query_tokens=size.queries,
        image_token_index=words.vocab[IMAGE],
    )


def _shards(parameters: list[tuple[str, tuple[int, ...]]], limit: int) -> list[list[weights.Tensor]]:
    shards: list[list[weights.Tensor]] = [[]]
    room = limit
    for name, shape in parameters:
        one = weights.Tensor(name, weights.HALF, shape)
        if one.size > room and shards[-1]:
            shards.append([])
            room = limit
        shards[-1].append(one)
        room -= one.size
    return shards


def _numbers(shard: list[weights.Tensor], draw: Any) -> Iterator[Any]:
    for one in shard:
        # A norm that scales by noise would erase its input.
        scale = "norm" in one.name.lower() and one.name.endswith("weight")
        for start in range(0, one.size // 2, _STEP):
            count = min(_STEP, one.size // 2 - start)
            if scale:
                yield torch.ones(count, dtype=torch.float16).numpy()
            elif one.name.endswith("bias"):
                yield torch.zeros(count, dtype=torch.float16).numpy()
            else:
                yield (torch.randn(count, generator=draw) * _SPREAD).half().numpy()


def main() -> None:
    """Write the folder that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model.random_weights", description=__doc__)
    parser.add_argument("folder", type=Path, help="8 GB are written there")
    write_random_model(parser.parse_args().folder)


if __name__ == "__main__":
    main()
