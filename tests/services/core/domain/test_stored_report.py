"""The reference in messages, and the durations that rest on each other."""

from dataclasses import replace

import pytest

from services.core.domain.stored_report import ReportRef
from services.core.domain.timing import PRODUCTION


def test_reference_keeps_its_wire_form() -> None:
    ref = ReportRef("alice", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert ref.to_json() == '{"owner": "alice", "report": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}'
    assert ReportRef.from_json(ref.to_json()) == ref


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "[" * 100_000,
        '{"owner": "alice"}',
        '{"owner": 1, "report": "1"}',
        '{"owner": "", "report": "1"}',
    ],
)
def test_other_message_is_no_reference(body: str) -> None:
    assert ReportRef.from_json(body) is None


def test_lease_must_outlast_the_work() -> None:
    with pytest.raises(ValueError, match="lease_s"):
        replace(PRODUCTION, lease_s=75)
