"""Calls of the LLM, counted: one for each report, more only where a kill cut one off."""

from pathlib import Path

from benchmarks.drill.audit import Words, words
from benchmarks.drill.journal import Journal


def call(folder: Path, job: int, caller: str, *, answered: bool = True) -> None:
    journal = Journal(folder / "llm.jsonl")
    name = f"{job}-{caller}"
    journal.note(call=name, job=job, caller=caller)
    if answered:
        journal.note(answered=name)


def test_one_call_for_each_report_is_none_too_many(tmp_path: Path) -> None:
    call(tmp_path, 1, "jobs.0")
    call(tmp_path, 2, "jobs.0")
    assert words(tmp_path, {}) == Words(calls=2, beyond=0, in_flight=0, unexplained=0)


def test_a_second_call_after_a_kill_is_explained(tmp_path: Path) -> None:
    call(tmp_path, 1, "jobs.0")
    call(tmp_path, 1, "jobs.1")
    assert words(tmp_path, {"jobs.0": {1}}) == Words(calls=2, beyond=1, in_flight=1, unexplained=0)


def test_a_second_call_after_one_that_the_llm_did_not_live_to_answer_is_explained(tmp_path: Path) -> None:
    call(tmp_path, 1, "jobs.0", answered=False)
    call(tmp_path, 1, "jobs.1")
    assert words(tmp_path, {}) == Words(calls=2, beyond=1, in_flight=1, unexplained=0)


def test_a_second_call_without_a_kill_is_not(tmp_path: Path) -> None:
    call(tmp_path, 1, "jobs.0")
    call(tmp_path, 1, "service.0")
    call(tmp_path, 2, "jobs.0")
    assert words(tmp_path, {"jobs.0": {2}}) == Words(calls=3, beyond=1, in_flight=1, unexplained=1)
