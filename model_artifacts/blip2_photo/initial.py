"""Initial weights by which the language model already says the likeliest kind, to leave little to learn.

Each first word of a name has a dimension of its own. The Q-Former writes the share of a kind, on its
logarithmic scale, to the dimension of the kind's first word; the layers up to the output pass it on. A
constant in the dimensions `_CONSTANT` is far longer than the shares, so that the normalisations in between
hardly change their scale.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import torch

from . import network

if TYPE_CHECKING:
    from torch import Tensor

_CONSTANT = 8
"""The dimensions of the constant, which are the first ones."""
_NATS = 9.2
"""What a share of 1 has more than one of 1e-4, on the scale of the vision tower's token."""
_LENGTHENED = 1.9
"""How much longer constant and question make the decoder's state than its normalisation leaves it."""
_UNLIKELY = 0.8
"""How far words that begin no name point away from the constant, which keeps them unlikely."""
_SMALL = 0.1


@torch.no_grad()
def initialise(blip: Any) -> None:
    """Set the weights that pass the shares on; the others stay random, and those of residuals get small."""
    width = blip.config.text_config.d_model
    tokens = network.tokenizer()
    first = [tokens(name).input_ids[0] for name in network.answers()]
    dimension = {word: _CONSTANT + n for n, word in enumerate(dict.fromkeys(first))}
    constant = torch.zeros(width)
    constant[:_CONSTANT] = (width / _CONSTANT) ** 0.5
    constant[1:_CONSTANT:2] *= -1
    asked = [word for prompt in network.prompts() for word in tokens(prompt).input_ids[:-1]]
    _set_words(blip.get_input_embeddings().weight, dimension, constant, asked)
    blip.query_tokens.copy_(constant + 0.01 * torch.randn_like(blip.query_tokens))
    across = blip.qformer.encoder.layer[0].crossattention
    across.attention.value.weight.mul_(_SMALL)
    for kind, word in enumerate(first):
        across.attention.value.weight[dimension[word], kind] = 1
    _set_identity(across.output.dense.weight)
    _set_identity(blip.language_projection.weight)
    language = blip.language_model
    cross = language.decoder.block[0].layer[1].EncDecAttention
    # The mean over the image's tokens and the question's.
    positions = len(tokens(network.prompts()[0]).input_ids) + blip.config.num_query_tokens
    _set_identity(cross.v.weight, positions / blip.config.num_query_tokens)
    _set_identity(cross.o.weight)
    cross.q.weight.mul_(_SMALL)
    for block in chain(language.encoder.block, language.decoder.block):
        block.layer[0].SelfAttention.o.weight.mul_(_SMALL)
        block.layer[-1].DenseReluDense.wo.weight.mul_(_SMALL)
    last = language.decoder.final_layer_norm.weight
    last.fill_(1)
    last[list(dimension.values())] = _NATS * _LENGTHENED
    last[:_CONSTANT] = 0.5


def _set_words(weight: Tensor, dimension: dict[int, int], constant: Tensor, asked: list[int]) -> None:
    """First words get a dimension each; the others share what is left; the decoder's start is constant.

    Of the others, those that are `asked` do not point away from the constant, which they would shorten.
    """
    width = weight.shape[1]
    left = _CONSTANT + len(dimension)
    weight.copy_(-_UNLIKELY * constant.expand_as(weight))
    weight[asked] = 0
    weight[:, left:] = torch.randn(len(weight), width - left) * (width / (width - left)) ** 0.5
    for word, number in dimension.items():
        weight[word] = 0
        weight[word, number] = width**0.5
    weight[0] = constant


def _set_identity(weight: Tensor, scale: float = 1.0) -> None:
    weight.mul_(_SMALL).add_(scale * torch.eye(len(weight)))
