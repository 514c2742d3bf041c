"""`python -m benchmarks.model`: scoring candidates compared with generating answers, on the same weights.

The models have random weights and the proportions of blip2-flan-t5-xl and blip2-opt-2.7b, with widths and
layers divided by four. Six questions (a choice of ten, one of eight, four yes or no) are about one photo and
about eight, asked in four ways: ours; the naive loop (a greedy `generate` for each question and photo); one
batched `generate` per photo; and the floor (one vision pass, one prefix pass per question; ours is faster on
OPT, where a common beginning of questions is read once). The ways take turns, and the least time of each
counts, because other load on the machine only adds. The caption of one photo, 30 tokens, is timed in the same
rounds and added to each way.

The same weights then find the likeliest of up to 5,000 names (`benchmarks.model.catalogue`).
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.figures import FIGURES, Figure, keep, say, show
from benchmarks.model import catalogue, full_size
from benchmarks.model.compare import agreement, compare, scorer_of
from benchmarks.model.random_blip2 import QUARTER

if TYPE_CHECKING:
    from benchmarks.model.random_blip2 import Family

ROUNDS = {1: 5, 8: 3}


def main() -> int:
    """Run, print one line per figure, and keep the run in docs/figures/."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model", description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default: %(default)s")
    parser.add_argument(
        "--full-size",
        action="store_true",
        help="blip2-flan-t5-xl's real size; --device cuda always measures it",
    )
    parser.add_argument("--catalogue", action="store_true", help="only the search in a catalogue's names")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        say("--device cuda: torch finds no GPU; use a machine with one and a CUDA build of torch")
        return 1
    detail: dict[str, Any] = {"torch": torch.__version__, "transformers": version("transformers")}
    families: tuple[Family, ...] = ("t5", "opt")
    figures: list[Figure] = []
    if options.device == "cuda" or options.full_size:
        found, more = full_size.measure(options.device)
        figures += found
        detail |= more
        record = FIGURES / f"model-full-size-{options.device}.json"
    else:
        threads = int(os.environ.get("OMP_NUM_THREADS") or 1)
        torch.set_num_threads(threads)
        detail |= {"device": "cpu", "threads": threads, "dtype": "float32"}
        names, tables = [], {}
        for family in families:
            found, tables[family] = catalogue.measure(family)
            names += found
        keep(FIGURES / "model-catalogue.json", names, detail | {"tables": tables})
        show(names)
        if options.catalogue:
            return 0
        for family in families:
            scorer = scorer_of(family, QUARTER)
            found, detail[f"{family}_seconds"] = compare(family, scorer, ROUNDS)
            figures += found + agreement(family, scorer)
        detail["rounds"] = ROUNDS
        record = FIGURES / "model.json"
    keep(record, figures, detail)
    show(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
