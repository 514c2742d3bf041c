import pytest

from services.core.telemetry import log_context
from services.web.trace import LONGEST_REQUEST_ID, trace_id, traced

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADER = f"00-{TRACE}-00f067aa0ba902b7-01"


def test_one_header_is_continued() -> None:
    with traced([HEADER], "r-1"):
        assert trace_id() == TRACE
        assert (log_context.get() or {})["request"] == "r-1"
    assert trace_id() is None


@pytest.mark.parametrize("headers", [[], [HEADER, HEADER], [HEADER, ""], [f"{HEADER},{HEADER}"]])
def test_other_headers_begin_a_trace(headers: list[str]) -> None:
    with traced(headers, ""):
        found = trace_id()
    assert found is not None
    assert found != TRACE


def test_long_request_id_is_cut() -> None:
    with traced([], "r" * 1000):
        assert len((log_context.get() or {})["request"]) == LONGEST_REQUEST_ID
