"""The tokenizer of the demo's models: whole words, as few as their answers need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

if TYPE_CHECKING:
    from collections.abc import Iterable

PAD, END, UNKNOWN_WORD, IMAGE = "<pad>", "</s>", "<unk>", "<image>"


def word_tokenizer(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of the words and marks of these texts that ends each text with `</s>`, as T5's does."""
    words = sorted({word for text in texts for word in re.findall(r"\w+|[^\w\s]", text.lower())})
    special = [PAD, END, UNKNOWN_WORD, IMAGE]
    table = {word: index for index, word in enumerate([*special, *words])}
    core = Tokenizer(models.WordLevel(table, unk_token=UNKNOWN_WORD))
    core.normalizer = normalizers.Lowercase()
    core.pre_tokenizer = pre_tokenizers.Whitespace()
    core.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, table[END])]
    )
    # Words are split at hyphens, and no answer has a dash: "t-shirt".
    spaced = decoders.WordPiece(prefix="##", cleanup=False)
    core.decoder = decoders.Sequence([spaced, decoders.Fuse(), decoders.Replace(" - ", "-")])
    core.add_special_tokens(special)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=core, pad_token=PAD, eos_token=END, unk_token=UNKNOWN_WORD, padding_side="left"
    )
