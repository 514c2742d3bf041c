"""The outbox gets the records that the stack's filter lets through, and no others."""

from typing import Any

import pytest

from benchmarks.drill.stream_filter import passes

ENDED = {
    "eventName": ["MODIFY"],
    "dynamodb": {
        "OldImage": {"status": {"S": ["queued", "running"]}},
        "NewImage": {"status": {"S": ["succeeded", "failed"]}},
    },
}
GONE = {"eventName": ["REMOVE"], "dynamodb": {"NewImage": {"status": {"S": [{"exists": False}]}}}}
REPORT = {"dynamodb": {"Keys": {"sk": {"S": [{"prefix": "report#"}]}}}}


def record(name: str, old: str | None, new: str | None, sk: str = "report#1") -> dict[str, Any]:
    change: dict[str, Any] = {"Keys": {"sk": {"S": sk}}}
    images = {"OldImage": old, "NewImage": new}
    change |= {image: {"status": {"S": status}} for image, status in images.items() if status}
    return {"eventName": name, "dynamodb": change}


@pytest.mark.parametrize(
    ("name", "old", "new", "patterns", "passed"),
    [
        ("MODIFY", "running", "succeeded", [ENDED], True),
        ("MODIFY", "running", "running", [ENDED], False),
        ("INSERT", None, "failed", [ENDED], False),
        ("INSERT", None, "failed", [], True),
        ("REMOVE", "succeeded", None, [ENDED], False),
        ("REMOVE", "succeeded", None, [ENDED, GONE], True),
        ("MODIFY", "running", "failed", [REPORT], True),
    ],
)
def test_filter_passes_what_lambda_passes(
    name: str, old: str | None, new: str | None, patterns: list[dict[str, Any]], passed: bool
) -> None:
    assert passes(record(name, old, new), patterns) is passed


def test_filter_reads_prefixes() -> None:
    assert not passes(record("INSERT", None, "failed", sk="key#1"), [REPORT])


def test_unknown_rule_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not know this rule"):
        passes(record("INSERT", None, "failed"), [{"eventName": [{"suffix": "T"}]}])
