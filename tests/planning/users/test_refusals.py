"""Lists of users that are refused, each with row, column and remedy, and without a word of a user."""

import io
import os
import threading
import tracemalloc
from datetime import date

import pytest

from planning.errors import UserListError
from planning.users.reading import read_users
from planning.users.stream import MAX_LINE

TODAY = date(2026, 11, 27)
SECRET = "ada@example.com"


def refusal(data: bytes) -> UserListError:
    with pytest.raises(UserListError) as refused:
        read_users(io.BytesIO(data), "users.csv", TODAY)
    return refused.value


BAD: dict[str, tuple[str, str, str]] = {
    # name: (list, what the error says, what the hint says)
    "empty": ("", "users.csv: is empty", "auth.users"),
    "blank": ("\n\r\n  \n", "users.csv: is empty", "auth.users"),
    "heading alone": ("id,created_at\n", "a heading and no user", "Export"),
    "no dates": ("id,email\n1,a@b.c\n", "no column created_at among the 2", "auth.users"),
    "no heading": (f"1,{SECRET},2026-04-03\n", "no column created_at among the 3", "with its heading"),
    "empty date": ("id,created_at\n1,2026-04-03\n2,\n", "row 3, created_at: '' is empty", "Delete the row"),
    "blank lines above": ("\n\ncreated_at\n\n2026-04-03\nx\n", "row 6, created_at: 'x'", "2026-04-03"),
    "below a separator": ("sep=;\ncreated_at\nx\n", "row 2, created_at: 'x'", "2026-04-03"),
    "null date": ("created_at\nnull\n", "row 2, created_at: 'null' is empty", "Delete the row"),
    "ambiguous": ("created_at\n03/04/2026\n", "row 2, created_at: '03/04/2026' can be the day", "2026-04-03"),
    "ambiguous with dots": ("created_at\n03.04.2026\n", "row 2, created_at: '03.04.2026' can", "2026-04-03"),
    "both orders": (
        "created_at\n25/04/2026\n04/25/2026\n",
        "row 3, created_at: '04/25/2026' has the month first, and '25/04/2026' in row 2 the day",
        "2026-04-03",
    ),
    "three forms": (
        "created_at\n2026-04-03\n03/04/2026\n3 Apr 2026\n",
        "row 3, created_at: '03/04/2026' has another form than '2026-04-03' in row 2",
        "one form",
    ),
    "with and without time": ("created_at\n2026-04-03 10:00\n2026-04-03\n", "row 3, created_at", "one form"),
    "with and without zone": ("created_at\n2026-04-03 10:00Z\n2026-04-03 10:00\n", "row 3", "one form"),
    "future": (
        "created_at\n2026-04-03\n2026-11-29\n",
        "row 3, created_at: '2026-11-29' lies in the future",
        "clock",
    ),
    "future sign-in": (
        "created_at,last_sign_in_at\n2026-04-03,2027-01-01\n",
        "row 2, last_sign_in_at: '2027",
        "clock",
    ),
    "future, settled": (
        "created_at\n03/12/2026\n25/04/2026\n",
        "row 2, created_at: '03/12/2026' lies in",
        "clock",
    ),
    "negative": ("created_at\n-5\n", "row 2, created_at: '-5' is not a date", "number"),
    "negative year": (
        "created_at\n-2026-04-03\n",
        "row 2, created_at: '-2026-04-03' is not a date",
        "2026-04-03",
    ),
    "infinity": ("created_at\ninfinity\n", "row 2, created_at: 'infinity' is not a date", "2026-04-03"),
    "before Christ": ("created_at\n0044-03-15 00:00:00+00 BC\n", "row 2, created_at", "2026-04-03"),
    "epoch": ("created_at\n1970-01-01 00:00:00+00\n", "is before 2000-01-01", "correct the date"),
    "no such day": ("created_at\n2026-02-30\n", "row 2, created_at: '2026-02-30' is no day", "2026-04-03"),
    "no such day in both": ("created_at\n31/02/2026\n", "'31/02/2026' is no day", "2026-04-03"),
    "no such hour": ("created_at\n2026-04-03 25:00:00+00\n", "is not a date", "2026-04-03"),
    "no such month": ('created_at\n"Junk 3, 2026"\n', "'Junk 3, 2026' is not a date", "2026-04-03"),
    "two digits": ("created_at\n03/04/26\n", "is not a date", "Its year has two digits"),
    "number of Excel": ("created_at\n46115.52\n", "is not a date", "yyyy-mm-dd"),
    "time of Excel": ("created_at\n34:56.1\n", "is not a date", "Excel has left out the day"),
    "joined": (
        "created_at\n2026-04-03\ncreated_at\n",
        "row 3, created_at: 'created_at' is not",
        "second heading",
    ),
    "time of no zone we know": ("created_at\n2026-04-03 10:00 EST\n", "is not a date", "2026-04-03"),
    "too many fields": (
        f"created_at,n\n2026-04-03,{SECRET},b\n",
        "row 2 has 3 fields, and the heading 2",
        "Quote",
    ),
    "open quote": ('created_at,n\n2026-04-03,"ada\n', "row 2 has a quote that is not closed", "export"),
    "text behind a quote": ('created_at,n\n2026-04-03,"a"da\n', "row 2 has a quote", "export"),
    "cut in a row": ("created_at,a,b\n2026-04-03,1,2\n2026-04-04,1", "ends in the middle of row 3", "again"),
    "cut in a date": ("a,created_at\n1,2026-04-03 10:00:00+00\n1,2026-04-0", "row 3, created_at", ""),
    "column twice": (
        "created_at,Created At\n2026-04-03,2026-04-03\n",
        "the column created_at twice",
        "Delete",
    ),
    "other separator": ("sep=|\nid|created_at\n1|2026-04-03\n", "names the separator '|'", "commas"),
    "bars": ("id|created_at\n1|2026-04-03\n", "no column created_at among the 1", ""),
    "quoted as a whole": ('"id,created_at"\n"1,2026-04-03"\n', "quoted as a whole", "From Text"),
    "no flag": (
        "created_at,is_anonymous\n2026-04-03,maybe\n",
        "row 2, is_anonymous: 'maybe' is neither",
        "again",
    ),
    "JSON": ('[{"created_at": "2026-04-03"}]', "is JSON", "CSV"),
    "page": ("<html>", "is HTML", "CSV"),
}


@pytest.mark.parametrize(("text", "says", "hint"), BAD.values(), ids=BAD)
def test_bad_list_is_refused(text: str, says: str, hint: str) -> None:
    error = refusal(text.encode())
    assert says in str(error)
    assert hint in error.hint
    assert error.hint.endswith(".") or error.hint.endswith(" -")
    assert SECRET not in f"{error} {error.hint}"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_bad_row_is_named_in_every_encoding(encoding: str) -> None:
    assert "row 3, created_at: '03/04/2026'" in str(
        refusal("created_at\n2026-04-03\n03/04/2026\n".encode(encoding))
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04rest", "is an Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "is an old Excel workbook"),
        (b"\x1f\x8brest", "is compressed"),
        (b"\xff\xd8\xff\xe0rest", "is a picture"),
        (b"\x89PNG\r\n\x1a\n", "is a picture"),
        (b"i\0d\0,\0c\0", "UTF-16 without a byte order mark"),
        ("created_at\n2026-04-03\n".encode("utf-16")[:-1], "row 2, created_at"),  # cut in a character
        (b"\xff\xfe", "is empty"),
    ],
)
def test_other_files_are_named(data: bytes, says: str) -> None:
    assert says in str(refusal(data))


class Endless:
    """A source that never ends, as a pipe from a broken program."""

    def __init__(self, head: bytes, again: bytes) -> None:
        self._head, self._again = head, again

    def read(self, size: int, /) -> bytes:
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            return data
        return (self._again * (size // len(self._again) + 1))[:size]


@pytest.mark.parametrize(
    ("head", "again"),
    [
        (b"created_at\n", b"x"),
        (b'created_at\n2026-04-03\n"', b"line\n"),
        (b"", b"x"),
        (b"created_at,", b"a\0"),
    ],
)
def test_endless_source_is_refused(head: bytes, again: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(UserListError):
            read_users(Endless(head, again), "users.csv", TODAY)
        assert tracemalloc.get_traced_memory()[1] < 24 * MAX_LINE
    finally:
        tracemalloc.stop()


def test_slow_pipe_is_read() -> None:
    reading, writing = os.pipe()

    def write_by_byte() -> None:
        with os.fdopen(writing, "wb", 0) as pipe:
            for byte in "\ufeffid;created_at\r\n1;2026-04-03\r\n".encode():
                pipe.write(bytes([byte]))

    writer = threading.Thread(target=write_by_byte)
    writer.start()
    with os.fdopen(reading, "rb") as source:
        assert read_users(source, "-", TODAY).total == 1
    writer.join()
