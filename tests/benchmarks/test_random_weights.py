from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from transformers import Blip2ForConditionalGeneration

from benchmarks.model import random_weights
from model_artifacts.blip2.tools import packaging, weights
from model_artifacts.blip2_demo.drawing.drawing import draw
from model_artifacts.blip2_demo.training.evaluate import handlers, request
from model_artifacts.blip2_demo.training.network import tokenizer

if TYPE_CHECKING:
    from pathlib import Path

TINY = random_weights.Size(
    vision={"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
            "image_size": 28, "patch_size": 14},
    qformer={"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2},
    text={"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 2,
          "vocab_size": 128},
    queries=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_weights.write_random_model(tmp_path_factory.mktemp("random"), TINY, shard_bytes=100_000)


def test_full_size_equals_flan_t5_xl() -> None:
    """All weights of the hub's model, of which the output layer is no copy of the embeddings."""
    with torch.device("meta"):
        blip: Any = Blip2ForConditionalGeneration(random_weights._config(random_weights.Size(), tokenizer()))
    shared = sum(one.numel() for one in blip.parameters())
    assert shared + 32_128 * 2_048 == 3_942_446_592
    assert not blip.language_model.config.scale_decoder_outputs


def test_output_layer_is_its_own(folder: Path) -> None:
    load: Any = Blip2ForConditionalGeneration.from_pretrained
    language = load(folder, dtype=torch.float16, local_files_only=True).language_model
    assert not torch.equal(language.lm_head.weight, language.shared.weight)
    assert 0.016 < language.lm_head.weight.detach().float().std() < 0.024


def test_every_weight_is_loaded(folder: Path) -> None:
    assert len([*folder.glob("model-*-of-*.safetensors")]) > 1
    load: Any = Blip2ForConditionalGeneration.from_pretrained
    blip, said = load(folder, dtype=torch.float16, local_files_only=True, output_loading_info=True)
    assert not said["missing_keys"]
    assert not said["unexpected_keys"]
    assert all(one.isfinite().all() for one in blip.parameters())


def test_handlers_answer_with_random_weights(folder: Path) -> None:
    inference = handlers()
    document = request([draw(11, (320, 240), aspect=4 / 3).image])
    model = inference.model_fn(str(folder))
    answer = inference.predict_fn(inference.input_fn(json.dumps(document)), model)
    assert answer["artifact"].startswith("random-flan-t5-xl-")


def test_random_weights_are_reproducible_fp16(folder: Path, tmp_path: Path) -> None:
    again = random_weights.write_random_model(tmp_path / "again", TINY, shard_bytes=100_000)
    assert all(file.parent == again for file in weights.to_half_precision(again, tmp_path / "work").values())
    one, two = tmp_path / "one.tar.gz", tmp_path / "two.tar.gz"
    assert packaging.build(one, folder) == packaging.build(two, again)
