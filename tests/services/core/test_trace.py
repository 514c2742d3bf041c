"""W3C Trace Context, level 1: https://www.w3.org/TR/trace-context-1/#traceparent-header-field-values."""

import asyncio
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.core.telemetry import log_context
from services.core.trace import Span, adopt, hop, parse, traceparent

# The examples of the specification.
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
VALID = f"00-{TRACE}-{PARENT}-01"
FORM = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]")
hexadecimal = "0123456789abcdef"


def ids(length: int) -> st.SearchStrategy[str]:
    return st.text(hexadecimal, min_size=length, max_size=length).filter(lambda text: set(text) != {"0"})


@given(ids(32), ids(16), st.text(hexadecimal, min_size=2, max_size=2))
def test_valid_header_is_continued(trace: str, parent: str, flags: str) -> None:
    span = Span.continuing(f"00-{trace}-{parent}-{flags}")
    assert (span.trace, span.parent) == (trace, parent)
    assert span.id not in (parent, "0" * 16)
    # Bits other than `sampled` are reserved, and are sent as zero.
    assert span.traceparent == f"00-{trace}-{span.id}-0{int(flags, 16) & 1}"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        VALID.upper(),
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE}-{PARENT.upper()}-01",
        f"00-{TRACE}-{PARENT}-0A",
        f"0G-{TRACE}-{PARENT}-01",
        f"0-{TRACE}-{PARENT}-01",
        f"00-{TRACE[1:]}-{PARENT}-01",
        f"00-{TRACE}0-{PARENT}-01",
        f"00-{TRACE}-{PARENT}0-01",
        f"00-{TRACE}-{PARENT}-1",
        f"00-{TRACE}-{PARENT}-001",
        f"00-{TRACE}-{PARENT}",
        f"00_{TRACE}_{PARENT}_01",
        # Version 00 has nothing after the flags.
        f"{VALID}-",
        f"{VALID}-extra",
        f"{VALID}.extra",
        # Of a later version, what follows begins with a dash.
        f"01-{TRACE}-{PARENT}-01extra",
        f" {VALID}",
        f"{VALID}\n",
        f"{VALID},{VALID}",
        f"{VALID}, {VALID}",
        VALID.replace("4", "٤"),
        "x" * 100_000,
    ],
)
def test_invalid_header_begins_a_trace(header: str) -> None:
    span = Span.continuing(header)
    assert parse(header) is None
    assert (span.parent, span.sampled) == (None, True)
    assert FORM.fullmatch(span.traceparent)


@pytest.mark.parametrize("rest", ["", "-", "-what-the-future-will-be-like"])
@pytest.mark.parametrize("version", ["01", "cc", "fe"])
def test_later_version_is_continued(version: str, rest: str) -> None:
    span = Span.continuing(f"{version}-{TRACE}-{PARENT}-03{rest}")
    assert (span.trace, span.parent, span.sampled) == (TRACE, PARENT, True)
    assert span.traceparent.startswith("00-")


@given(st.text() | st.text("0123456789abcdef-", max_size=80))
@example("\udc80")
def test_any_text_gives_a_valid_trace(header: str) -> None:
    assert FORM.fullmatch(Span.continuing(header).traceparent)


def test_traces_differ() -> None:
    assert len({Span.began().trace for _ in range(100)}) == 100


def test_hop_logs_its_span() -> None:
    with hop(VALID, request="r-1") as span:
        assert log_context.get() == {"trace": TRACE, "span": span.id, "parent": PARENT, "request": "r-1"}
        assert traceparent() == f"00-{TRACE}-{span.id}-01"
    assert (log_context.get(), traceparent()) == (None, None)


def test_inner_trace_has_no_outer_parent() -> None:
    with hop(VALID), hop(None) as inner:
        assert log_context.get() == {"trace": inner.trace, "span": inner.id}


def test_hop_adopts_a_rows_trace() -> None:
    with hop(None) as span:
        adopt(VALID)
        assert traceparent() == f"00-{TRACE}-{span.id}-01"
        assert log_context.get() == {"trace": TRACE, "span": span.id, "parent": PARENT}
    assert (log_context.get(), traceparent()) == (None, None)


@pytest.mark.parametrize(("caller", "row"), [(VALID, VALID.replace("4", "5")), (None, None), (None, "00-x")])
def test_row_is_not_adopted(caller: str | None, row: str | None) -> None:
    with hop(caller):
        before = traceparent()
        adopt(row)
        assert traceparent() == before


def test_nothing_is_adopted_outside_a_hop() -> None:
    adopt(VALID)
    assert traceparent() is None


def test_concurrent_hops_keep_apart() -> None:
    async def one(caller: str) -> Any:
        with hop(caller):
            await asyncio.sleep(0)
            adopt(VALID)
            await asyncio.sleep(0)
            return traceparent()

    async def both() -> tuple[Any, Any]:
        return await asyncio.gather(one(VALID), one(VALID.replace(TRACE, TRACE[::-1])))

    first, second = asyncio.run(both())
    assert (first[3:35], second[3:35]) == (TRACE, TRACE[::-1])
