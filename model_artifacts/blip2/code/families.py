"""The two language models of BLIP-2: how each reads image and prompt once, for all candidates to share.

T5 reads them in its encoder, and each answer is one decoder pass from there. OPT reads on from the image:
what it makes of a photo is kept and shared by the photo's prompts, what it makes of a prompt by the
answers.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Reading:
    """Rows of image and prompt that were read, and where an answer goes on from them."""

    likely: Tensor
    """For each row the log-probability of each first token, in fp32."""
    mask: Tensor
    cache: Any
    states: Any = None


class Family(Protocol):
    """What scoring asks of a language model."""

    leading: str
    """What stands before an answer's text, so that its tokens are those of a word of its own."""

    def share(self, seen: Tensor) -> Any:
        """What all prompts about the photos have in common."""

    def read(self, shared: Any, photos: Tensor, texts: Sequence[Sequence[int]]) -> Reading:
        """Read each text after its photo (a row of what is shared)."""

    def go_on(self, reading: Reading, rows: Tensor, answers: Tensor, known: Tensor) -> Tensor:
        """Logits after each token of the answers to those rows, padded where not known; ends the reading."""


def family(blip: Any) -> Family:
    """The one that this model's language model belongs to."""
    return Opt(blip) if blip.config.use_decoder_only_language_model else T5(blip)


def padded(texts: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """The texts filled up with zeros at their right, and a mask that is one where there is text."""
    longest = max(len(text) for text in texts)
    tokens = torch.tensor([[*text, *[0] * (longest - len(text))] for text in texts], device=device)
    lengths = torch.tensor([len(text) for text in texts], device=device)
    return tokens, (torch.arange(longest, device=device) < lengths[:, None]).long()


class T5:
    """An encoder that sees the whole prompt, and a decoder that answers."""

    leading = ""

    def __init__(self, blip: Any) -> None:
        self.language = blip.language_model
        self.start = blip.config.text_config.decoder_start_token_id

    def share(self, seen: Tensor) -> Tensor:
        """The photos as they are: the encoder looks both ways, so each prompt reads its photo anew."""
        return seen

    def read(self, shared: Tensor, photos: Tensor, texts: Sequence[Sequence[int]]) -> Reading:
        """One encoder pass over all rows, and the decoder's first step."""
        tokens, mask = padded(texts, shared.device)
        words = self.language.get_input_embeddings()(tokens)
        embedded = torch.cat([shared[photos].to(words.dtype), words], dim=1)
        mask = torch.cat([mask.new_ones(len(texts), shared.shape[1]), mask], dim=1)
        states = self.language.get_encoder()(inputs_embeds=embedded, attention_mask=mask)
        start = torch.full((len(texts), 1), self.start, device=shared.device)
        first = self.language(
            encoder_outputs=states, attention_mask=mask, decoder_input_ids=start, use_cache=True
        )
        return Reading(first.logits[:, -1].float().log_softmax(-1), mask, first.cache, states)

    def go_on(self, reading: Reading, rows: Tensor, answers: Tensor, known: Tensor) -> Tensor:
        """One decoder pass over all answers; what stands right of an answer's end does not reach it."""
        reading.cache.batch_select_indices(rows)
        states = copy.copy(reading.states)
        states.last_hidden_state = states.last_hidden_state[rows]
        return self.language(  # type: ignore[no-any-return]
            encoder_outputs=states,
            attention_mask=reading.mask[rows],
            decoder_input_ids=answers,
            cache=reading.cache,
            use_cache=True,
        ).logits


class Opt:
    """A decoder that reads image, prompt and answer in turn."""

    leading = " "

    def __init__(self, blip: Any) -> None:
        self.language = blip.language_model

    def share(self, seen: Tensor) -> Any:
        """The cache of the image's tokens, which stand first in each prompt."""
        dtype = self.language.get_input_embeddings().weight.dtype
        return self.language.model(inputs_embeds=seen.to(dtype), use_cache=True).cache

    def read(self, shared: Any, photos: Tensor, texts: Sequence[Sequence[int]]) -> Reading:
        """One pass over the texts, each from its photo's cache."""
        cache = copy.copy(shared)
        cache.layers = [copy.copy(layer) for layer in shared.layers]  # selecting replaces a layer's tensors
        cache.batch_select_indices(photos)
        tokens, text = padded(texts, photos.device)
        mask = torch.cat([text.new_ones(len(texts), cache.get_seq_length()), text], dim=1)
        states = self.language.model(input_ids=tokens, attention_mask=mask, cache=cache, use_cache=True)
        rows = torch.arange(len(texts), device=photos.device)
        last = states.last_hidden_state[rows, text.sum(-1) - 1]
        return Reading(self.language.lm_head(last).float().log_softmax(-1), mask, states.cache)

    def go_on(self, reading: Reading, rows: Tensor, answers: Tensor, known: Tensor) -> Tensor:
        """One pass over all answers; positions follow from the mask, which leaves the padding out."""
        reading.cache.batch_select_indices(rows)
        mask = torch.cat([reading.mask[rows], known], dim=1)
        return self.language(  # type: ignore[no-any-return]
            input_ids=answers, attention_mask=mask, cache=reading.cache, use_cache=True
        ).logits
