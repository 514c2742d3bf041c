"""`python -m benchmarks.model`: scoring against generating, on the same weights, in one run.

Configurations of blip2-flan-t5-xl and blip2-opt-2.7b with widths and layers by four, tokens as they are:
each part keeps its share of the work. Six questions (a choice of 11, one of 8, four yes or no) about one
photo and eight: ours; the naive loop (a greedy `generate` for each question and photo); a batched
`generate` for each photo; and the floor (one vision pass, one prefix pass for each question; ours goes below
it on OPT, where what several questions begin with is read once). All take their turn in each round; of each
the least time counts, since what else runs on the machine only adds. The caption of one photo is timed in
the same rounds, and added to each: thirty tokens, from what was seen already or, in the naive way, from the
photo.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from benchmarks import floor, naive
from benchmarks.figures import Figure, keep
from local.home import REPOSITORY
from model_artifacts.blip2_demo.training.evaluate import handlers
from model_artifacts.blip2_demo.training.network import vocabulary
from tests.model_artifacts.tiny import IMAGE, QUARTER, Family, Size, blip, processor

if TYPE_CHECKING:
    from collections.abc import Callable

FIGURES = REPOSITORY / "docs" / "figures"
CAPTION = "a photo of"
GOALS: dict[str, dict[int, float]] = {"t5": {1: 3, 8: 3.5}, "opt": {1: 4, 8: 5}}
TIE = 1e-3
ROUNDS = {1: 5, 8: 3}
_WEAR = 4


def asked(scorer: Any) -> list[naive.PendingInference]:
    """Six questions of the service's own vocabulary."""
    words = vocabulary()
    texts = [(words[name]["question"], tuple(words[name]["candidates"])) for name in ("type", "material")]
    tags = words["wear"]["candidates"][:_WEAR]
    texts += [(words["wear"]["question"].replace("{tag}", tag), ("yes", "no")) for tag in tags]
    return [
        naive.PendingInference(
            f"Question: {text} Answer:", candidates, max(map(len, scorer.answer_tokens(candidates)))
        )
        for text, candidates in texts
    ]


def noise(count: int, side: int = 384) -> list[Image.Image]:
    """Photos of nothing: the work does not depend on what they show."""
    random = np.random.default_rng(0)
    return [Image.fromarray(random.integers(0, 255, (side, side, 3), dtype=np.uint8)) for _ in range(count)]


def seconds(work: Callable[[], object]) -> float:
    """How long the work takes: on one thread the processor's time, which other programs take nothing of."""
    on_gpu = torch.cuda.is_available()
    clock = time.process_time if not on_gpu and torch.get_num_threads() == 1 else time.perf_counter
    started = clock()
    work()
    if on_gpu:
        torch.cuda.synchronize()
    return clock() - started


def ways(scorer: Any, photos: list[Image.Image]) -> dict[str, Callable[[], object]]:
    """The same questions about the same photos, asked in each way; and the caption of the first photo."""
    model, inputs, questions = scorer.blip, scorer.processor, asked(scorer)
    prompts = [question.prompt for question in questions]
    candidates = [question.candidates for question in questions]
    seen = scorer.encode(photos[:1])
    return {
        "naive": lambda: naive.one_by_one(model, inputs, photos, questions),
        "ours": lambda: scorer.score(scorer.encode(photos), prompts, candidates),
        "batched": lambda: naive.photo_by_photo(model, inputs, photos, questions),
        "floor": lambda: floor.passes(scorer, photos, prompts),
        "caption": lambda: scorer.captions(seen, CAPTION),
        "naive_caption": lambda: naive.generate(model, inputs, photos[:1], [CAPTION], 30),
    }


def compare(family: Family, scorer: Any, rounds: dict[int, int]) -> tuple[list[Figure], dict[str, Any]]:
    """All ways in turn for each number of photos, and the seconds that each took."""
    figures, taken = [], {}
    for count, times in rounds.items():
        todo = ways(scorer, noise(count))
        for name in ("ours", "floor", "caption"):
            todo[name]()
        found = [{name: seconds(way) for name, way in todo.items()} for _ in range(times)]
        best = {name: min(one[name] for one in found) for name in todo}
        taken[f"{count}_photos"] = {name: round(value, 4) for name, value in best.items()}
        say(f"{family}, {count} photos, seconds: {taken[f'{count}_photos']}")
        label = f"{family}_{count}_photos"
        figures += [
            Figure(f"{label}_naive_over_ours", best["naive"] / best["ours"], GOALS[family].get(count)),
            Figure(f"{label}_batched_over_ours", best["batched"] / best["ours"]),
            Figure(f"{label}_ours_over_floor", best["ours"] / best["floor"], at_most=1.15),
            Figure(f"{label}_ours_ms_per_photo", 1000 * best["ours"] / count),
        ]
        ours = best["ours"] + best["caption"]
        figures += [
            Figure(f"{label}_with_caption_naive_over_ours", (best["naive"] + best["naive_caption"]) / ours),
            Figure(
                f"{label}_with_caption_batched_over_ours", (best["batched"] + best["naive_caption"]) / ours
            ),
            Figure(f"{label}_with_caption_ours_over_floor", ours / (best["floor"] + best["caption"])),
        ]
    return figures, taken


def agreement(family: Family, scorer: Any, count: int = 2) -> list[Figure]:
    """How far scores are from each candidate's likelihood alone, and how many answers are the same."""
    questions, photos = asked(scorer), noise(count)
    tables = scorer.score(
        scorer.encode(photos), [one.prompt for one in questions], [one.candidates for one in questions]
    )
    furthest, same = 0.0, 0
    for question, table in zip(questions, tables, strict=True):
        answers = scorer.answer_tokens(question.candidates)
        for photo, row in zip(photos, table.tolist(), strict=True):
            plain = [
                naive.likelihood(scorer.blip, scorer.processor, photo, question.prompt, answer)
                for answer in answers
            ]
            furthest = max(furthest, *(abs(one - other) for one, other in zip(row, plain, strict=True)))
            same += max(plain) - plain[row.index(max(row))] < TIE
    return [
        Figure(f"{family}_score_difference", furthest, at_most=TIE),
        Figure(f"{family}_same_answers_percent", 100 * same / (len(questions) * count), at_least=100),
    ]


def scorer_of(family: Family, size: Size) -> Any:
    """Random weights behind the artifact's own scorer."""
    handlers()
    from scoring import Scorer

    words = processor(family, size)
    model = blip(family, size, words.tokenizer.convert_tokens_to_ids(IMAGE))
    model.set_attn_implementation("sdpa")
    return Scorer(model, words)


def say(line: str) -> None:
    """Progress, to stderr."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def main() -> int:
    """Run, print one line per figure, and keep the run in docs/figures/."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default: %(default)s")
    parser.add_argument(
        "--full-size", action="store_true", help="blip2-flan-t5-xl's own size, as cuda always is"
    )
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        say("--device cuda: torch sees no GPU here; run it on a machine with one, with a CUDA build of torch")
        return 1
    detail: dict[str, Any] = {"torch": torch.__version__, "transformers": version("transformers")}
    figures: list[Figure] = []
    if options.device == "cuda" or options.full_size:
        from benchmarks import full_size

        found, more = full_size.measure(options.device)
        figures += found
        detail |= more
        record = FIGURES / f"model-full-size-{options.device}.json"
    else:
        threads = int(os.environ.get("OMP_NUM_THREADS") or 1)
        torch.set_num_threads(threads)
        detail |= {"device": "cpu", "threads": threads, "dtype": "float32", "rounds": ROUNDS}
        families: tuple[Family, ...] = ("t5", "opt")
        for family in families:
            scorer = scorer_of(family, QUARTER)
            found, detail[f"{family}_seconds"] = compare(family, scorer, ROUNDS)
            figures += found + agreement(family, scorer)
        record = FIGURES / "model.json"
    keep(record, figures, detail)
    for figure in figures:
        print(figure.line())  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
