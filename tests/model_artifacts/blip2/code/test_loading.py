"""What a model's folder must hold: transformers itself only warns, and fills gaps with random numbers."""

from __future__ import annotations

import json
import re
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file

from model_artifacts.blip2_photo import MODEL as PHOTO_MODEL
from tests.model_artifacts import hub_layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.model.random_blip2 import Family

SHARED, ENCODER, DECODER, HEAD = (
    f"language_model.{name}.weight"
    for name in ("shared", "encoder.embed_tokens", "decoder.embed_tokens", "lm_head")
)
PROJECTION = "language_projection.weight"


@pytest.fixture(scope="session")
def loading(inference: Any) -> Any:
    """The artifact's module, which lies beside `inference`."""
    import loading

    return loading


@pytest.fixture
def checkpoint(hub_models: dict[Family, Path], tmp_path: Path) -> Callable[[Family], Path]:
    """Copies a family's model, whose weights are then one file."""

    def copied(family: Family) -> Path:
        folder = tmp_path / family
        shutil.copytree(hub_models[family], folder, ignore=shutil.ignore_patterns("model*"))
        hub_layout.write_weights(folder, weights(hub_models[family]))
        return folder

    return copied


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return {name: one for file in folder.glob("*.safetensors") for name, one in load_file(file).items()}


def set_tokenizer(folder: Path, **parts: object) -> None:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | parts))


@pytest.mark.parametrize("family", ["t5", "opt"])
def test_hub_layout_loads_as_filed(loading: Any, hub_models: dict[Family, Path], family: Family) -> None:
    blip, _ = loading.load_blip2(hub_models[family], "cpu")

    state = blip.state_dict()
    for name, one in weights(hub_models[family]).items():
        assert torch.equal(state[name], one), name


@pytest.mark.parametrize(
    "held",
    [
        (SHARED, HEAD),
        (ENCODER, HEAD),
        (DECODER, HEAD),
        (ENCODER, DECODER, HEAD),
        (SHARED, ENCODER, HEAD),
        (SHARED, ENCODER, DECODER, HEAD),
    ],
)
def test_untied_head_is_that_of_the_file(
    loading: Any, checkpoint: Callable[[Family], Path], held: tuple[str, ...]
) -> None:
    folder = checkpoint("t5")
    filed = weights(folder)
    words = torch.randn_like(filed[SHARED])
    others = {name: one for name, one in filed.items() if name not in (SHARED, ENCODER, DECODER, HEAD)}
    given = {name: filed[HEAD] if name == HEAD else words.clone() for name in held}
    hub_layout.write_weights(folder, others | given)

    blip, _ = loading.load_blip2(folder, "cpu")

    state = blip.state_dict()
    assert torch.equal(state[HEAD], filed[HEAD])
    assert all(torch.equal(state[name], words) for name in (SHARED, ENCODER, DECODER))


def test_saved_model_keeps_its_head(
    loading: Any, checkpoint: Callable[[Family], Path], tmp_path: Path
) -> None:
    folder = checkpoint("t5")
    blip, processor = loading.load_blip2(folder, "cpu")
    blip.save_pretrained(tmp_path / "saved")
    processor.save_pretrained(tmp_path / "saved")

    again, _ = loading.load_blip2(tmp_path / "saved", "cpu")

    assert again.config.text_config.scale_decoder_outputs is False
    assert torch.equal(again.language_model.lm_head.weight, weights(folder)[HEAD])


@pytest.mark.parametrize("family", ["t5", "opt"])
def test_tied_head_may_be_left_out(
    loading: Any, checkpoint: Callable[[Family], Path], family: Family
) -> None:
    folder = checkpoint(family)
    hub_layout.set_text(folder, tie_word_embeddings=True)
    hub_layout.write_weights(folder, {name: one for name, one in weights(folder).items() if name != HEAD})

    blip, _ = loading.load_blip2(folder, "cpu")

    embedded = blip.get_input_embeddings().weight
    assert torch.equal(blip.language_model.lm_head.weight, embedded)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda all_: all_.pop(PROJECTION), f"its weights lack {PROJECTION}; take config.json and all"),
        (lambda all_: all_.pop(HEAD), f"its weights lack {HEAD}; "),
        (
            lambda all_: [all_.pop(name) for name in list(all_) if name.startswith("qformer.")],
            r"its weights lack qformer\.\S+, qformer\.\S+, qformer\.\S+ and \d+ more; ",
        ),
        (
            lambda all_: all_.update({"language_model.encoder.block.9.x": torch.zeros(1)}),
            r"its weights also hold language_model\.encoder\.block\.9\.x; ",
        ),
        (
            lambda all_: all_.update({PROJECTION: torch.zeros(3, 4)}),
            rf"its weights do not fit the config: {PROJECTION} is \(3, 4\) and the config's \(128, 48\); ",
        ),
    ],
)
def test_unfit_weights_are_refused(
    loading: Any,
    checkpoint: Callable[[Family], Path],
    change: Callable[[dict[str, torch.Tensor]], object],
    message: str,
) -> None:
    folder = checkpoint("t5")
    held = weights(folder)
    change(held)
    hub_layout.write_weights(folder, held)

    with pytest.raises(ValueError, match=message):
        loading.load_blip2(folder, "cpu")


def test_embeddings_are_not_made_of_the_head(loading: Any, checkpoint: Callable[[Family], Path]) -> None:
    folder = checkpoint("t5")
    held = {name: one for name, one in weights(folder).items() if name not in (SHARED, ENCODER, DECODER)}
    hub_layout.write_weights(folder, held)

    with pytest.raises(ValueError, match=r"its weights lack language_model\.shared\.weight, "):
        loading.load_blip2(folder, "cpu")


def test_forgotten_buffers_are_harmless(loading: Any, checkpoint: Callable[[Family], Path]) -> None:
    folder = checkpoint("opt")
    held = weights(folder) | {"qformer.embeddings.position_ids": torch.arange(4)[None]}
    hub_layout.write_weights(folder, held)

    loading.load_blip2(folder, "cpu")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda file: file.unlink(), "its weights cannot be read: "),
        (lambda file: file.write_bytes(file.read_bytes()[:5000]), "its weights cannot be read: .*fetch them"),
        (lambda file: file.write_bytes(b""), "its weights cannot be read: "),
    ],
)
def test_unreadable_shard_is_refused(
    loading: Any,
    hub_models: dict[Family, Path],
    tmp_path: Path,
    change: Callable[[Path], object],
    message: str,
) -> None:
    folder = shutil.copytree(hub_models["t5"], tmp_path / "t5")
    change(folder / "model-00002-of-00002.safetensors")

    with pytest.raises(ValueError, match=message):
        loading.load_blip2(folder, "cpu")


@pytest.mark.parametrize(
    ("family", "text", "message"),
    [
        ("t5", {"eos_token_id": None}, "eos_token_id must be the one token that ends an answer"),
        ("opt", {"eos_token_id": [1, 2]}, r"eos_token_id must be the one token .* not \[1, 2\]"),
        ("opt", {"eos_token_id": 50118}, r"eos_token_id must be .* below vocab_size \d+, not 50118"),
        (
            "t5",
            {"eos_token_id": 40},
            r"eos_token_id 40 is the tokenizer's '.+', which ends no answer;",
        ),
        ("opt", {"eos_token_id": 300}, r"eos_token_id 300 .* ends no answer; a newline or '</s>' \(2\) does"),
        ("t5", {"decoder_start_token_id": None}, "decoder_start_token_id must be the one token that begins"),
        ("opt", {"bos_token_id": None}, "bos_token_id must be the one token that begins a prompt"),
    ],
)
def test_wrong_token_of_config_is_refused(
    loading: Any, checkpoint: Callable[[Family], Path], family: Family, text: dict[str, Any], message: str
) -> None:
    folder = checkpoint(family)
    hub_layout.set_text(folder, **text)

    with pytest.raises(ValueError, match=rf"config\.json: text_config\.{message}"):
        loading.load_blip2(folder, "cpu")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"model_type": "blip"}, "must be a BLIP-2 on T5 or OPT, not blip"),
        (
            {"text_config": {"model_type": "gpt2"}},
            "must be a BLIP-2 on T5 or OPT, not a BLIP-2 on gpt2",
        ),
        ({"image_token_index": None}, "image_token_index is missing; it places the image in the prompt"),
    ],
)
def test_other_models_are_refused(
    loading: Any, checkpoint: Callable[[Family], Path], document: dict[str, Any], message: str
) -> None:
    folder = checkpoint("opt")
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | document))

    with pytest.raises(ValueError, match=rf"config\.json: {re.escape(message)}"):
        loading.load_blip2(folder, "cpu")


@pytest.mark.parametrize("family", ["t5", "opt"])
def test_prompt_is_framed_though_the_file_forgets(
    loading: Any, hub_models: dict[Family, Path], checkpoint: Callable[[Family], Path], family: Family
) -> None:
    _, right = loading.load_blip2(hub_models[family], "cpu")
    folder = checkpoint(family)
    set_tokenizer(folder, post_processor=None)

    _, mended = loading.load_blip2(folder, "cpu")

    prompts = ["Question: what is this? Answer:", "a photo of"]
    framed = mended.tokenizer(prompts).input_ids
    assert framed == right.tokenizer(prompts).input_ids
    place, token = (-1, 1) if family == "t5" else (0, 2)
    assert [ids[place] for ids in framed] == [token, token]


def test_prompt_of_an_unknown_token_is_refused(loading: Any, checkpoint: Callable[[Family], Path]) -> None:
    folder = checkpoint("opt")
    beyond = len(hub_layout.tokenizer("opt")) + 1
    hub_layout.set_text(folder, bos_token_id=beyond)

    with pytest.raises(ValueError, match=rf"a prompt must begin with token {beyond} of config\.json, which"):
        loading.load_blip2(folder, "cpu")


@pytest.mark.parametrize(
    ("cuda", "native", "dtype"),
    [(False, False, torch.float32), (True, False, torch.float16), (True, True, torch.bfloat16)],
)
def test_device_decides_precision(
    loading: Any, monkeypatch: pytest.MonkeyPatch, cuda: bool, native: bool, dtype: torch.dtype
) -> None:
    def supported(including_emulation: bool = True) -> bool:
        return native or including_emulation

    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)

    assert loading.precision(SimpleNamespace(architectures=["Blip2ForConditionalGeneration"])) == dtype
    assert loading.precision(SimpleNamespace(architectures=["Blip2OnEfficientNet"])) == torch.float32


@pytest.mark.parametrize("side", [224, 896])
def test_processor_must_fit_the_tower(loading: Any, tmp_path: Path, side: int) -> None:
    folder = shutil.copytree(PHOTO_MODEL, tmp_path / "photo")
    path = folder / "processor_config.json"
    processor = json.loads(path.read_text())
    processor["image_processor"]["size"] = {"height": side, "width": side}
    path.write_text(json.dumps(processor))

    message = rf"processor_config\.json: image_processor\.size must be 448 × 448, .*: {side}, .*set it, "
    with pytest.raises(loading.UnfitModelError, match=message):
        loading.load_blip2(folder, "cpu")
