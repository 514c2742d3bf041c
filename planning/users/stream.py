"""The lines of a text file, decoded as a stream: memory is bounded by the longest line that is accepted.

An encoding is told by its byte order mark. Without one, the file is read as UTF-8, and bytes that are not are
replaced: separators and dates are ASCII in each encoding that Excel writes.
"""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, Protocol

from planning.errors import UserListError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed import WriteableBuffer

MAX_LINE = 1 << 20
_AS_CSV = "Save it as CSV UTF-8: in Excel by File, Save As."
# The mark of UTF-32 begins with the one of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OTHER_FILES = (
    (b"PK\x03\x04", "is an Excel workbook or a zip archive", _AS_CSV),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook", _AS_CSV),
    (b"\x1f\x8b", "is compressed", "Decompress it: gunzip -c FILE | python -m planning bucket -"),
    (b"\xff\xd8\xff", "is a picture", "Name the list of users, as exported from Supabase."),
    (b"\x89PNG", "is a picture", "Name the list of users, as exported from Supabase."),
    (b"{", "is JSON", "Export the users as CSV."),
    (b"[", "is JSON", "Export the users as CSV."),
    (b"<", "is HTML or XML", "Export the users as CSV."),
)


class Source(Protocol):
    """What a list is read from: an open file, a pipe."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""
        ...


def lines(source: Source, name: str) -> Iterator[str]:
    """Yield the lines with their ends, as csv.reader takes them.

    Raises UserListError for a line of over MAX_LINE characters, and for a file that is no text.
    """
    head = source.read(4)
    for mark, problem, remedy in _OTHER_FILES:
        if head.startswith(mark):
            raise UserListError(name, problem, remedy)
    mark, encoding = next((one for one in _MARKS if head.startswith(one[0])), (b"", "utf-8"))
    rest = io.BufferedReader(_Rejoined(head[len(mark) :], source), MAX_LINE)
    text = io.TextIOWrapper(rest, encoding, errors="replace", newline="")
    while line := text.readline(MAX_LINE):
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            raise UserListError(name, f"has a line of over {MAX_LINE:,} characters", _AS_CSV)
        if "\0" in line:
            raise UserListError(name, "holds binary data, or UTF-16 without a byte order mark", _AS_CSV)
        yield line


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: Source) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = self._head or self._rest.read(len(view))
        self._head = b""
        view[: len(data)] = data
        return len(data)
