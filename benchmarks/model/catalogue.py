"""The search in a catalogue compared with scoring every name: all in one batch, or one after the other.

Names are random tokens, as long as a tokenizer makes names of goods (2.4 tokens, 0.4 of them beginning like
another). The output is sharpened until the likeliest first token has half the probability, as a trained model
answers. Each size of the catalogue is asked about one photo that is already encoded, which is the hardest
case for the search: the time of the vision tower is the same in all ways. Reduced: widths and layers are
divided by four; 5,000 names are scored in five batches, since one would need 5 GB; the naive loop is timed
for ten names and multiplied.
"""

from __future__ import annotations

import gc
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from benchmarks.figures import Figure, say
from benchmarks.model import generation
from benchmarks.model.compare import scorer_of, seconds
from benchmarks.model.random_blip2 import QUARTER, Family, Size
from benchmarks.model.random_names import tree_of
from benchmarks.model.random_photos import noise

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = (10, 100, 1000, 5000)
PROMPT = "Question: what is this? Answer:"
FASTER = {"t5": 20.0, "opt": 4.0}
TOP = 5
_PHOTOS = 2
_PART = 200
"""Names that brute force scores at once."""
_BATCH = 1000
"""Names that today's way scores at once."""
_LIKELIEST = 0.5
_SAME = 1e-4
_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def measure(family: Family, size: Size = QUARTER) -> tuple[list[Figure], dict[str, Any]]:
    """Time every size of the catalogue in the three ways, and compare the answers with brute force."""
    scorer = scorer_of(family, size)
    features = scorer.encode(noise(_PHOTOS))
    table: dict[str, Any] = {"output_times": round(_sharpen(scorer, features), 3)}
    words = scorer.blip.config.text_config.vocab_size
    naive = _naive(scorer)
    figures: list[Figure] = []
    for count in SIZES:
        tree = tree_of(count, count, words)
        p = _brute_force(scorer, features, tree)
        row = _cost(scorer, features, tree) | _batched(scorer, features, tree)
        table[f"{count}_names"] = row | {"naive_s": round(naive * count, 3)}
        say(f"{family}, {count} names: {table[f'{count}_names']}")
        exact = _exact_percent(scorer, features, tree, p)
        figures.append(Figure(f"{family}_{count}_names_top5_exact_percent", exact, at_least=100))
    kinds = count * 2 // 5
    aliases = tree_of(count, kinds, words)  # the same names, in the same order
    table[f"{count}_names_of_{kinds}_kinds"] = _cost(scorer, features, aliases)
    exact = _exact_percent(scorer, features, aliases, p)
    figures.append(Figure(f"{family}_{kinds}_kinds_top5_exact_percent", exact, at_least=100))
    return figures + _figures(family, table), table


def _figures(family: Family, table: dict[str, Any]) -> list[Figure]:
    ten, thousand, most = (table[f"{count}_names"] for count in (10, 1000, SIZES[-1]))
    faster = {count: table[f"{count}_names"] for count in SIZES}
    figures = [
        Figure(
            f"{family}_{count}_names_batched_over_search",
            row["batched_s"] / row["search_s"],
            FASTER[family] if count == 1000 else None,
        )
        for count, row in faster.items()
    ]
    figures += [
        Figure(f"{family}_1000_names_naive_over_search", thousand["naive_s"] / thousand["search_s"]),
        Figure(f"{family}_1000_names_over_ten", thousand["search_s"] / ten["search_s"], at_most=3),
        Figure(f"{family}_5000_names_over_ten", most["search_s"] / ten["search_s"]),
        *(Figure(f"{family}_5000_names_{part}", most[part]) for part in ("rounds", "rows", "tokens")),
    ]
    if "search_mb" in most:
        figures += [
            Figure(f"{family}_5000_names_search_mb", most["search_mb"], at_most=ten["search_mb"] + 16),
            Figure(f"{family}_5000_names_batched_mb", most["batched_mb"]),
        ]
    return figures


def _cost(scorer: Any, features: Any, tree: Any) -> dict[str, Any]:
    """Return the search's rounds, rows, tokens, seconds and memory."""
    from search import Search

    found: dict[str, Any] = {"tokens_of_names": sum(map(len, tree.paths))}

    def search() -> None:
        _, cost = scorer.search(features, [Search((0,), PROMPT)], tree, TOP)
        found.update(vars(cost))

    return found | _timed("search", search, 3)


def _batched(scorer: Any, features: Any, tree: Any) -> dict[str, Any]:
    """Return the seconds and memory of scoring every name."""
    from scoring import PhotoPrompt

    names = [list(path) for path in tree.paths]
    parts = [names[at : at + _BATCH] for at in range(0, len(names), _BATCH)]

    def score() -> None:
        for part in parts:
            scorer.score_prompts(features, [PhotoPrompt(0, PROMPT, part)])

    return _timed("batched", score, 1)


def _brute_force(scorer: Any, features: Any, tree: Any) -> Any:
    """Return the probability of every name for every photo: (photos, names)."""
    from scoring import PhotoPrompt

    names = [list(path) for path in tree.paths]
    parts = []
    for at in range(0, len(names), _PART):
        prompts = [PhotoPrompt(photo, PROMPT, names[at : at + _PART]) for photo in range(len(features))]
        parts.append(torch.stack(scorer.score_prompts(features, prompts)))
    return torch.cat(parts, dim=1).double().exp().cpu().numpy()


def _exact_percent(scorer: Any, features: Any, tree: Any, p: Any) -> float:
    """Return for how many products, of one photo and of all, the search answers as brute force does.

    Kinds that are as likely as each other may change places.
    """
    from search import Search

    products = [*((photo,) for photo in range(len(features))), tuple(range(len(features)))]
    answers, _ = scorer.search(features, [Search(photos, PROMPT) for photos in products], tree, TOP)
    same = 0
    for photos, answer in zip(products, answers, strict=True):
        sums = np.bincount(tree.kind_of, weights=p[list(photos)].mean(0))
        best = np.sort(sums)[::-1][:TOP]
        found = [one.p for one in answer.top]
        own = [sums[tree.kinds.index(one.kind)] for one in answer.top]
        same += len(found) == len(best) and all(np.allclose(one, best, _SAME, 0) for one in (found, own))
    return 100 * same / len(products)


def _naive(scorer: Any) -> float:
    """Return the seconds that one name takes, alone and without a cache."""
    photo = noise(1)[0]
    return (
        seconds(
            lambda: [
                generation.likelihood(scorer.blip, scorer.processor, photo, PROMPT, [9, number])
                for number in range(10, 20)
            ]
        )
        / 10
    )


def _sharpen(scorer: Any, features: Any) -> float:
    """Multiply the output until the likeliest first token has half the probability, mean over the photos."""
    prompt = scorer.tokenizer(PROMPT).input_ids
    with torch.inference_mode():
        first = scorer.language.read(features, [(photo, prompt) for photo in range(len(features))]).first
    low, high = 0.01, 100.0
    for _ in range(30):
        factor = math.sqrt(low * high)
        likeliest = float((first * factor).softmax(-1).max(-1).values.mean())
        low, high = (low, factor) if likeliest > _LIKELIEST else (factor, high)
    scorer.blip.language_model.lm_head.register_forward_hook(lambda module, given, logits: logits * factor)
    return factor


def _timed(name: str, work: Callable[[], object], times: int) -> dict[str, float]:
    """Return the least seconds of the work and, on Linux, by how many MB it raised the process's memory."""
    gc.collect()
    status, reset = _PEAK
    if not reset.exists():
        return {f"{name}_s": round(min(seconds(work) for _ in range(times)), 4)}
    reset.write_text("5")  # the peak begins anew at the present size
    before = _mb("VmRSS", status)
    least = min(seconds(work) for _ in range(times))
    return {f"{name}_s": round(least, 4), f"{name}_mb": round(_mb("VmHWM", status) - before, 1)}


def _mb(field: str, status: Path) -> float:
    line = next(line for line in status.read_text().splitlines() if line.startswith(field))
    return float(line.split()[1]) / 1024
