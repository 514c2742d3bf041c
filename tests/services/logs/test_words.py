"""The list of words has those of each line that the Edge Functions write, and no name."""

import re
from pathlib import Path

import pytest

from services.logs.words import is_message, is_reason

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


@pytest.mark.parametrize("name", ["Ada Lovelace", "ada", "event taken by Ada Lovelace", "POST an event, Ada"])
def test_name_is_no_word_of_ours(name: str) -> None:
    assert not is_message(name)
    assert not is_reason(name)
