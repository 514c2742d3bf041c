"""The list of words has those of each line that the Edge Functions write, and no name."""

import re
from pathlib import Path

import pytest

from services.logs.words import is_function, is_message, is_name_of_count, is_outcome, is_reason

FUNCTIONS = Path(__file__).parents[3] / "supabase" / "functions"
SOURCES = [file for file in sorted(FUNCTIONS.rglob("*.ts")) if not file.stem.endswith("_test")]
TEXTS = [file.read_text("utf-8") for file in SOURCES]
# A line's message, and the texts that become its reason; `${…}` is a number.
MESSAGE = re.compile(r"""\bmessage: "([^"]+)"|\bline\([^"]*"[A-Z]+", "([^"]+)\"""")
REASON = re.compile(r"""\b(?:refused|Refused|Misconfigured)\((?:\d+, )?["`]([^"`]+)["`]""")


def written(pattern: re.Pattern[str]) -> set[str]:
    found = {next(filter(None, match.groups())) for text in TEXTS for match in pattern.finditer(text)}
    return {re.sub(r"\$\{\w+\}", "524288", text) for text in found}


def test_messages_of_functions_are_listed() -> None:
    messages = written(MESSAGE)
    assert {"event taken", "event refused", "analysis passed on"} <= messages
    assert [message for message in messages if not is_message(message)] == []


def test_reasons_of_functions_are_listed() -> None:
    reasons = written(REASON)
    assert {"POST an event", "more than 524288 characters"} <= reasons
    assert [reason for reason in reasons if not is_reason(reason)] == []


def test_functions_are_listed() -> None:
    functions = {file.parent.name for file in FUNCTIONS.glob("*/index.ts")}
    assert {"analyze", "report-ready"} <= functions
    assert [name for name in functions if not is_function(name)] == []


def test_outcomes_and_counts_are_listed() -> None:
    (declared,) = (found for text in TEXTS for found in re.findall(r"readonly outcome: (.*);", text))
    outcomes = re.findall(r'"([^"]+)"', declared)
    counts = {name for text in TEXTS for name in re.findall(r"\bunsent_[a-z]+", text)}
    assert len(outcomes) > 3 and len(counts) > 5
    assert [word for word in outcomes if not is_outcome(word)] == []
    assert [name for name in counts if not is_name_of_count(name)] == []


@pytest.mark.parametrize("name", ["Ada Lovelace", "ada", "event taken by Ada Lovelace", "POST an event, Ada"])
def test_name_is_no_word_of_ours(name: str) -> None:
    assert not is_message(name)
    assert not is_reason(name)
