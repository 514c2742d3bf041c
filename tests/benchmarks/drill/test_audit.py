"""Calls of the LLM: one per report, more only if a kill cut one off."""

from pathlib import Path

from benchmarks.drill.audit import LEASE_LEFT_S, LlmCalls, llm_calls
from benchmarks.drill.fakes import Journal


def call(folder: Path, job: int, caller: str, *, answered: bool = True, at: float = 0) -> None:
    journal = Journal(folder / "llm.jsonl")
    name = f"{job}-{caller}"
    journal.note(call=name, job=job, caller=caller, at=at)
    if answered:
        journal.note(answered=name)


def test_one_call_per_report_is_expected(tmp_path: Path) -> None:
    call(tmp_path, 1, "jobs.0")
    call(tmp_path, 2, "jobs.0")
    assert llm_calls(tmp_path, {}) == LlmCalls(calls=2, beyond=0, cut_off=0, outlasted=0, unexplained=0)


def test_kill_explains_second_call(tmp_path: Path) -> None:
    call(tmp_path, 1, "jobs.0")
    call(tmp_path, 1, "jobs.1")
    assert llm_calls(tmp_path, {"jobs.0": {1}}) == LlmCalls(
        calls=2, beyond=1, cut_off=1, outlasted=0, unexplained=0
    )


def test_unanswered_call_explains_second_call(tmp_path: Path) -> None:
    call(tmp_path, 1, "jobs.0", answered=False)
    call(tmp_path, 1, "jobs.1")
    assert llm_calls(tmp_path, {}) == LlmCalls(calls=2, beyond=1, cut_off=1, outlasted=0, unexplained=0)


def test_ended_lease_explains_second_call(tmp_path: Path) -> None:
    call(tmp_path, 1, "jobs.0", at=100)
    call(tmp_path, 1, "jobs.1", at=100 + LEASE_LEFT_S)
    assert llm_calls(tmp_path, {}) == LlmCalls(calls=2, beyond=1, cut_off=0, outlasted=1, unexplained=0)


def test_second_call_needs_a_kill(tmp_path: Path) -> None:
    call(tmp_path, 1, "jobs.0")
    call(tmp_path, 1, "service.0")
    call(tmp_path, 2, "jobs.0")
    assert llm_calls(tmp_path, {"jobs.0": {2}}) == LlmCalls(
        calls=3, beyond=1, cut_off=1, outlasted=0, unexplained=1
    )
