"""The comparison of a GPU's answers with a CPU's, by made answers."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.model.demo_on_gpu import compared, furthest


def answer(caption: str = "a mug", **shares: float) -> dict[str, Any]:
    kinds = [{"id": kind, "name": kind, "p": p} for kind, p in shares.items()]
    return {
        "kinds": kinds,
        "wear": [{"chip": [0.25]}],
        "calibrated": True,
        "caption": caption,
        "said": {"id": None},
    }


def test_order_of_kinds_does_not_count() -> None:
    assert furthest(answer(mug=0.5, vase=0.4), answer(vase=0.45, mug=0.5)) == pytest.approx(0.05)


def test_kind_of_one_answer_counts_whole() -> None:
    assert furthest(answer(mug=0.5, vase=0.4), answer(mug=0.5)) == 0.4


def test_other_words_are_counted() -> None:
    gpu = {"answers": {"a.jpg": answer(mug=0.5), "b.jpg": answer("a vase", mug=0.5)}, "ms": 1.0}
    cpu = {"answers": {"a.jpg": answer(mug=0.7), "b.jpg": answer(mug=0.5)}, "ms": 9.0}
    same, apart, *_ = compared("drawn", gpu, cpu)
    assert (same.value, same.met) == (50, False)
    assert apart.value == pytest.approx(0.2)
    assert not apart.met
