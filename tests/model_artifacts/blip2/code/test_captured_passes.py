"""Both families by captured passes: the answers of the same passes without a capture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest
import torch

from benchmarks.model.compare import score, scorer_of
from benchmarks.model.random_blip2 import Family, Size
from benchmarks.model.random_photos import noise
from benchmarks.model.traced_capture import TracedCapture

if TYPE_CHECKING:
    from PIL import Image

SIZE = Size(16, 16, 28, fewer_words=1000)
"""Two layers: recording a pass takes time for each of its operations."""
PROMPTS = ("what is this", "is there a crack on the blue vase")
CANDIDATES = (("mug", "blue mug", "unknown leather table"), ("yes", "no"))


class NoCapture:
    """Pads like a capture, and lets every pass run without one."""

    def __call__(self, *_: Any) -> Any:
        raise RuntimeError("no capture")


@pytest.fixture(scope="module", params=get_args(Family))
def scorer(inference: Any, request: pytest.FixtureRequest) -> Any:
    scorer = scorer_of(request.param, SIZE)
    if request.param == "t5":
        for block in scorer.blip.language_model.decoder.block:  # with smaller weights, one token always wins
            block.layer[1].EncDecAttention.o.weight.data.mul_(60)
    return scorer


@pytest.fixture(scope="module")
def capture() -> TracedCapture:
    return TracedCapture()


@pytest.fixture(scope="module")
def captured(inference: Any, scorer: Any, capture: TracedCapture) -> Any:
    """Graphs of the scorer's passes, which all tests share."""
    from graphs import Graphs

    return Graphs(capture)


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    return noise(3, 56)


def use(scorer: Any, graphs: Any) -> None:
    scorer.graphs = scorer.language.graphs = graphs


def eagerly(scorer: Any, capture: Any = None) -> None:
    from graphs import Graphs

    use(scorer, Graphs(capture))


def answers(scorer: Any, photos: list[Image.Image]) -> list[Any]:
    """What a request asks: features, scores, two rounds of a search, the second one without a prefix."""
    from language_model import LIKELIEST, Step

    features = scorer.encode(photos)
    prompts = [scorer.tokenizer(prompt).input_ids for prompt in PROMPTS]
    read = scorer.language.read(features, [(1, prompts[0]), (0, prompts[1]), (2, prompts[1])])
    assert len(read.first) == 3
    first = [
        Step(0, (5, 6, 7), ((1, 6), (3, LIKELIEST))),
        Step(1, (5,), ((1, 8),)),
        Step(2, (7, 5), ((2, 5),)),
    ]
    second = [Step(2, (7, 5, 4), ((3, 5),)), Step(1, (6,), ((1, 4), (1, 5)))]
    return [
        features,
        *score(scorer, features, PROMPTS, CANDIDATES),
        *scorer.language.follow(read, first),
        *scorer.language.follow(read, second),
    ]


@torch.inference_mode()
def test_captured_passes_equal_eager_ones(
    scorer: Any, photos: list[Image.Image], capture: TracedCapture, captured: Any
) -> None:
    """Padded alike, the numbers are equal to the last bit; without padding, to rounding."""
    passes = []
    for those in (photos, photos[::-1]):  # the second request finds the graphs of the first
        eagerly(scorer)
        unpadded = answers(scorer, those)
        eagerly(scorer, NoCapture())
        eager = answers(scorer, those)
        use(scorer, captured)
        found = answers(scorer, those)

        assert captured.failure is None
        assert all(map(torch.equal, found, eager))
        assert all(torch.allclose(one, other, atol=1e-4) for one, other in zip(found, unpadded, strict=True))
        passes.append(capture.passes)
    assert passes[0] == passes[1]


@torch.inference_mode()
def test_fixed_cache_equals_growing_one(scorer: Any, photos: list[Image.Image]) -> None:
    """By fixed caches each token is the one that transformers' generate says by growing ones."""
    eagerly(scorer)
    inputs = scorer.processor(images=photos, text=["a photo of"] * 3, padding=True, return_tensors="pt")
    said = scorer.blip.generate(**inputs, max_new_tokens=30, min_new_tokens=30, do_sample=False)
    prompt = scorer.tokenizer("a photo of").input_ids

    ours = scorer.language.say(scorer.encode(photos), [(row, prompt) for row in range(3)], 30, None)

    assert ours == said[:, -30:].tolist()
    assert len({tuple(row) for row in ours}) > 1, "the photos must be told apart"


@torch.inference_mode()
def test_text_stops_at_end_token(scorer: Any, photos: list[Image.Image], captured: Any) -> None:
    prompts = [scorer.tokenizer(prompt).input_ids for prompt in ("a photo of", "this is a blue mug", "a")]
    prefixes = list(enumerate(prompts))
    eagerly(scorer)
    features = scorer.encode(photos)
    whole = scorer.language.say(features, prefixes, 12, None)
    for number, row in enumerate(prefixes):
        assert scorer.language.say(features, [row], 12, None) == whole[number : number + 1]

    for graphs in (scorer.graphs, captured):
        use(scorer, graphs)
        for end in {token for row in whole for token in row}:
            cut = [row[: row.index(end)] if end in row else row for row in whole]
            assert scorer.language.say(features, prefixes, 12, end) == cut
            assert scorer.language.say(features, prefixes, 1, end) == [row[:1] for row in cut]
    assert captured.failure is None


@torch.inference_mode()
def test_ended_text_takes_no_more_steps(
    scorer: Any, photos: list[Image.Image], capture: TracedCapture, captured: Any
) -> None:
    use(scorer, captured)
    features = scorer.encode(photos)
    prefixes = [(row, scorer.tokenizer("a photo of").input_ids) for row in (0, 0, 0)]
    (whole, *_) = scorer.language.say(features, prefixes, 12, None)
    before = capture.replays

    scorer.language.say(features, prefixes, 12, whole[0])

    assert capture.replays - before == 1, "only image and prompt are read"
