"""Log p of a bf16 model's answers, against the same output layer in fp64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.model.compare import score, scorer_of
from benchmarks.model.random_blip2 import MINIATURE, Family
from benchmarks.model.random_photos import noise

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", params=get_args(Family))
def bf16(inference: Any, request: pytest.FixtureRequest) -> Any:
    """A scorer in bf16 whose logits spread as widely as those of a trained model."""
    scorer = scorer_of(request.param, MINIATURE)
    layer = scorer.blip.language_model.lm_head
    layer.weight = torch.nn.Parameter(layer.weight.detach() * (60 if request.param == "t5" else 3))
    scorer.blip = scorer.blip.to(torch.bfloat16)
    return scorer


@pytest.fixture
def seen(bf16: Any) -> Iterator[list[torch.Tensor]]:
    """The hidden states that the output layer read."""
    head, states = bf16.language.head, []
    logits = head.logits

    def keep(those: torch.Tensor) -> torch.Tensor:
        states.append(those)
        return logits(those)  # type: ignore[no-any-return]

    head.logits = keep
    yield states
    del head.logits


@torch.inference_mode()
def test_margins_equal_fp64_head(bf16: Any, seen: list[torch.Tensor]) -> None:
    photos = noise(3, 56)
    (table,) = score(bf16, bf16.encode(photos), ["is there a crack on it"], [("yes", "no")])
    yes, no = (tokens[0] for tokens in bf16.answer_tokens(("yes", "no")))

    layer = bf16.blip.language_model.lm_head
    states = torch.cat([one.reshape(-1, one.shape[-1]) for one in seen])
    true = (states.double() @ layer.weight.double().T).log_softmax(-1)
    in_bf16 = layer(states).float().log_softmax(-1)
    assert true.max(-1).values.exp().max() > 0.3, "logits must be as wide as a trained model's"
    assert table.dtype == torch.float32
    assert torch.allclose(table, true[:, [yes, no]].float(), atol=1e-4)
    margin = true[:, yes] - true[:, no]
    assert ((table[:, 0] - table[:, 1]) - margin).abs().max() < 0.01
    assert (in_bf16 - true).abs().max() > 0.01, "a head in bf16 must show the error that is avoided"


@settings(max_examples=25)
@given(words=st.integers(1, 40), part=st.integers(1, 50), rows=st.integers(1, 5), seed=st.integers(0, 99))
def test_parts_equal_the_whole(words: int, part: int, rows: int, seed: int) -> None:
    import output_head

    torch.manual_seed(seed)
    layer = torch.nn.Linear(8, words, bias=False).to(torch.bfloat16)
    states = torch.randn(rows, 3, 8).to(torch.bfloat16)
    with pytest.MonkeyPatch.context() as patch, torch.inference_mode():
        patch.setattr(output_head, "_PART", part)
        logits = output_head.OutputHead(layer).logits(states)
        assert logits.dtype == torch.float32
        assert torch.allclose(logits.double(), states.double() @ layer.weight.double().T, atol=1e-5)
