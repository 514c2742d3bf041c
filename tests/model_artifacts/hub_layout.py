"""Small random BLIP-2s in the layout of the hub's `Salesforce/blip2-flan-t5-xl` and `blip2-opt-2.7b`.

Their tokenizers are of the real kinds (T5's unigrams, OPT's byte pairs), trained on the names of the
second-hand catalogue, so that they can write all of them.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    Blip2ForConditionalGeneration,
    Blip2Processor,
    BlipImageProcessorPil,
    PreTrainedTokenizerFast,
)

import catalogue
from benchmarks.model.random_blip2 import MINIATURE, Family, config

if TYPE_CHECKING:
    from pathlib import Path

QUERIES = 8
_WORDS = 1000
_PAD, _END, _UNKNOWN, _IMAGE = "<pad>", "</s>", "<unk>", "<image>"
# As in the hub's files: pad, end and unknown of T5; OPT's newline ends an answer.
_SPECIAL = {"t5": [_PAD, _END, _UNKNOWN, _IMAGE], "opt": ["<s>", _PAD, _END, _UNKNOWN, _IMAGE]}
NEWLINE = "Ċ"


def write_checkpoint(folder: Path, family: Family, shards: int = 2) -> Path:
    """Write a model's folder with everything that the hub's repository has and the archive takes."""
    words = tokenizer(family)
    settings = config(family, MINIATURE, words.convert_tokens_to_ids(_IMAGE), QUERIES)
    text: Any = settings.text_config
    text.vocab_size, text.pad_token_id = len(words) + 3, words.pad_token_id
    if family == "opt":
        text.bos_token_id, text.eos_token_id = words.convert_tokens_to_ids([_END, NEWLINE])
    torch.manual_seed(0)
    blip: Any = Blip2ForConditionalGeneration(settings)
    blip.query_tokens.data.normal_(0, 0.5)
    state = {name: one.clone() for name, one in blip.state_dict().items()}
    if family == "t5":  # flan-t5's output is not its embeddings
        state["language_model.lm_head.weight"] = torch.randn_like(state["language_model.lm_head.weight"])
    folder.mkdir(parents=True)
    write_weights(folder, state, shards)
    write_config(folder, blip.config)
    images = BlipImageProcessorPil(size={"height": MINIATURE.image, "width": MINIATURE.image})
    Blip2Processor(images, words, num_query_tokens=QUERIES).save_pretrained(folder)  # type: ignore[no-untyped-call]
    return folder


def write_weights(folder: Path, state: dict[str, torch.Tensor], shards: int = 1) -> None:
    """Write the weights in so many files, with an index as of the hub if there are several."""
    if shards == 1:
        save_file(state, folder / "model.safetensors", {"format": "pt"})
        return
    names = list(state)
    files = [f"model-{n:05}-of-{shards:05}.safetensors" for n in range(1, shards + 1)]
    of = {name: files[number * shards // len(names)] for number, name in enumerate(names)}
    for file in files:
        save_file({name: state[name] for name in names if of[name] == file}, folder / file, {"format": "pt"})
    total = sum(one.nbytes for one in state.values())
    index = {"metadata": {"total_size": total}, "weight_map": of}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def write_config(folder: Path, settings: Any) -> None:
    """Write config.json as an older transformers did, which stated that flan-t5's output is its own."""
    document = settings.to_dict() | {"architectures": ["Blip2ForConditionalGeneration"], "dtype": "float16"}
    text = document["text_config"]
    text.pop("scale_decoder_outputs", None)
    text["tie_word_embeddings"] = text["model_type"] == "opt"
    (folder / "config.json").write_text(json.dumps(document))


@cache
def tokenizer(family: Family) -> Any:
    """The tokenizer of a family; T5's frames a text by its end, OPT's by its beginning."""
    goods = catalogue.load()
    wear = (wear for department in goods.departments.values() for wear in department.wear)
    materials = (one for department in goods.departments.values() for one in department.materials)
    listed: tuple[catalogue.Material | catalogue.Adjective, ...] = (
        *materials,
        *goods.colours,
        *goods.patterns,
    )
    lines = [
        *(name for kind in goods.kinds.values() for name in kind.names),
        *(name for one in listed for name in (one.answer, *one.aliases)),
        *(one.question for one in wear),
        "Question: what is this? Short answer: yes no",
    ]
    special = _SPECIAL[family]
    if family == "t5":
        core = Tokenizer(models.Unigram())
        core.pre_tokenizer, core.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
        trainer: Any = trainers.UnigramTrainer(
            vocab_size=_WORDS, special_tokens=special, unk_token=_UNKNOWN, show_progress=False
        )
    else:
        core = Tokenizer(models.BPE())
        core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        core.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=_WORDS,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
    core.train_from_iterator([*lines, *(f" {line}" for line in lines)], trainer)
    core.post_processor = processors.TemplateProcessing(
        single="$A </s>" if family == "t5" else "</s> $A", special_tokens=[(_END, special.index(_END))]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=core, pad_token=_PAD, eos_token=_END, bos_token=_END if family == "opt" else None,
        unk_token=_UNKNOWN, padding_side="left",
    )  # fmt: skip


def drop_weight(folder: Path, name: str) -> None:
    """Leave a weight out of the files of a folder, and of their index."""
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    file = folder / index["weight_map"].pop(name)
    save_file({one: held for one, held in load_file(file).items() if one != name}, file, {"format": "pt"})
    path.write_text(json.dumps(index))


def set_text(folder: Path, **values: object) -> None:
    """Change the language model's part of config.json."""
    path = folder / "config.json"
    document = json.loads(path.read_text())
    document["text_config"] |= values
    path.write_text(json.dumps(document))
