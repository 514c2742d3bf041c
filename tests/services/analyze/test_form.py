"""What clients send as a form: read, or refused with the reason."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analyze.form import Form, content_type, read_form
from services.core.domain.errors import InvalidInput

JPEG = b"\xff\xd8\xff\r\n--\xe9\xff\xd9" + bytes(range(256))
DISPOSITION = 'Content-Disposition: form-data; name="images"'
END = b"--x--\r\n"


def part(*headers: str, content: bytes = JPEG) -> bytes:
    lines = "".join(["--x\r\n", *(f"{header}\r\n" for header in headers), "\r\n"])
    return lines.encode("latin-1") + content + b"\r\n"


def named(name: str) -> str:
    return f'Content-Disposition: form-data; name="{name}"; filename="a.jpg"'


def asked(*values: str, name: str = "languages") -> bytes:
    return b"".join(
        part(f'Content-Disposition: form-data; name="{name}"', content=value.encode()) for value in values
    )


FILE = part(named("images"))
PIECES = [FILE, END, DISPOSITION.encode(), b"--x", b"\r\n", b": ", b'"', b"\xff"]


def read(body: bytes, kind: str = "multipart/form-data; boundary=x", size: int = 7) -> list[bytes]:
    return read_whole(body, kind, size).photos


def read_whole(body: bytes, kind: str = "multipart/form-data; boundary=x", size: int = 7) -> Form:
    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]
        yield b""

    return asyncio.run(read_form(content_type(kind), chunks()))


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (b"", "body", "does not hold the boundary"),
        (b"nonsense", "body", "does not hold the boundary"),
        (FILE[:30], "body", "does not hold the boundary"),
        (END, "images", "no photos"),
        (FILE * 9 + END, "images", "9 photos"),
        (FILE * 1000 + END, "body", "Maximum segment count"),
        (part(named("image")) + END, "image", "'images'"),
        (part(named("images[x]")) + END, "images[x]", "'images'"),
        (FILE + part(DISPOSITION.replace("images", "title"), content=b"x") + END, "title", "'images'"),
        (part(named("été")) + END, "été", "'images'"),
        (part(named("été")).decode("latin-1").encode() + END, "été", "'images'"),
        (FILE.replace(b"\r\n", b"\n") + END, "body", "line break"),
        (part("Content-Type: image/jpeg") + END, "body", "Missing Content-Disposition"),
        (part("Content-Disposition: form-data") + END, "body", "part without a name"),
        (part('Content-Disposition: attachment; name="images"') + END, "body", "Wrong type"),
        (part("no header") + END, "body", "Malformed segment header"),
        (part(f"X: {'a' * 9000}") + END, "body", "header length"),
        (part(*["X: a"] * 90) + END, "body", "header count"),
        (part(DISPOSITION, "Content-Length: 9") + END, "body", "Content-Length"),
        (part(DISPOSITION, content=b"words") + END, "images[0]", "is text, not a file"),
        (FILE + part(DISPOSITION, content=b"data:image/jpeg;base64,/9j/") + END, "images[1]", "is text"),
        (
            part(DISPOSITION, "Content-Transfer-Encoding: base64", content=b"/9j/4?") + END,
            *("images[0]", "is not the base64"),
        ),
        (
            part(DISPOSITION, "Content-Transfer-Encoding: uuencode") + END,
            *("images[0]", "unknown Content-Transfer-Encoding 'uuencode'"),
        ),
    ],
)
def test_wrong_form_is_explained(body: bytes, field: str, says: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read(body)
    assert raised.value.field == field
    assert says in str(raised.value)
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("fields", "languages"),
    [
        (b"", ()),
        (asked("en"), ("en",)),
        (asked("fr,en"), ("fr", "en")),
        (asked(" fr , en "), ("fr", "en")),
        (asked("fr", "en"), ("fr", "en")),
        (asked("fr", "en", name="languages[]"), ("fr", "en")),
        (asked("en", name="languages[0]") + asked("fr", name="languages[1]"), ("en", "fr")),
        (part('Content-Disposition: form-data; name="languages"; filename="l.txt"', content=b"fr"), ("fr",)),
    ],
)
def test_form_names_languages(fields: bytes, languages: tuple[str, ...]) -> None:
    for body in (FILE + fields + END, fields + FILE + END):
        assert read_whole(body) == Form([JPEG], languages)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (("de",), "'de' is no language of a report"),
        (("EN",), "'EN' is no language"),
        (("en-US",), "'en-US' is no language"),
        (('["en"]',), "is no language"),
        (("",), "names an empty language"),
        (("en,",), "names an empty language"),
        (("en", ""), "names an empty language"),
        (("en,en",), "names 'en' twice"),
        (("fr", "en,fr"), "names 'fr' twice"),
        (("x" * 9_000_000,), "x' is no language"),
        (("é\x00",), "no language"),
    ],
)
def test_wrong_languages_are_explained(values: tuple[str, ...], says: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_whole(FILE + asked(*values) + END, size=100_000)
    assert (raised.value.field, raised.value.remedy) == (
        "languages",
        "Send en or fr, or several separated by commas, each once",
    )
    assert says in str(raised.value)
    assert len(str(raised.value)) < 200


def test_languages_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidInput, match="languages: is not text in UTF-8"):
        read_whole(FILE + part('Content-Disposition: form-data; name="languages"', content=JPEG) + END)


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_cut_form_is_never_read(size: int) -> None:
    file = part(named("images"), content=b"\xff\xd8")
    whole = file + file + b"--x--"
    for length in range(len(whole)):
        with pytest.raises(InvalidInput) as raised:
            read(whole[:length], size=size)
        assert raised.value.field == "body"
    assert read(whole, size=size) == [b"\xff\xd8"] * 2


@pytest.mark.parametrize(
    "headers",
    [
        (f"{DISPOSITION}; filename*=UTF-8''%C3%A9t%C3%A9.jpg",),
        (f"{DISPOSITION}; filename=été.jpg",),
        (f'{DISPOSITION}; filename="a\\"b;c.jpg"',),
        (f'{DISPOSITION}; filename="C:\\photos\\a.jpg"',),
        (DISPOSITION, "Content-Type: image/jpeg"),
        (DISPOSITION, "Content-Type: application/octet-stream"),
        (DISPOSITION,),
        ("content-disposition:form-data;name=images;filename=a.jpg", "CONTENT-TYPE: image/jpeg"),
        (named("images[]"),),
        (named("images[0]"),),
        ('Content-Disposition: form-data; filename="a.jpg"; name="images"',),
        (DISPOSITION, "Content-Transfer-Encoding: BINARY"),
        ("Content-Disposition: form-data;", ' name="images"; filename="a.jpg"'),
    ],
)
def test_clients_parts_are_read(headers: tuple[str, ...]) -> None:
    assert read(part(*headers) + END) == [JPEG]


@pytest.mark.parametrize(
    ("encoding", "encode"), [("base64", base64.encodebytes), ("Quoted-Printable", binascii.b2a_qp)]
)
def test_transfer_encodings_are_decoded(encoding: str, encode: Callable[[bytes], bytes]) -> None:
    content = bytes(range(256)).replace(b"\r", b"").replace(b"\n", b"")
    headers = (DISPOSITION, f"Content-Transfer-Encoding: {encoding}")
    assert read(part(*headers, content=encode(content).strip()) + END) == [content]


def test_text_around_the_parts_is_ignored() -> None:
    assert read(b"preamble\r\n" + FILE + END + b"epilogue") == [JPEG]


def test_file_inputs_left_empty_are_ignored() -> None:
    empty = part(f'{DISPOSITION}; filename=""', "Content-Type: application/octet-stream", content=b"")
    assert read(empty + FILE + empty + END) == [JPEG]


@pytest.mark.parametrize(
    "boundary", ['"x y"', "=_x.1=y", "x;charset=utf-8", "'()+_,-./:=?", "x" * 300], ids=lambda name: name[:12]
)
def test_boundaries_are_read(boundary: str) -> None:
    line = boundary.partition(";")[0].strip('"').encode()
    body = FILE.replace(b"\r\n--x", b"").replace(b"--x", b"--" + line) + b"--" + line + b"--"
    assert len(read(body, f"Multipart/Form-Data; boundary={boundary}")) == 1


@pytest.mark.parametrize("parameters", ["", "; charset=utf-8", "; boundary=", '; boundary=""'])
def test_missing_boundary_is_named(parameters: str) -> None:
    with pytest.raises(InvalidInput, match="names no boundary") as raised:
        read(FILE + END, f"multipart/form-data{parameters}")
    assert raised.value.field == "Content-Type"


@given(st.lists(st.sampled_from(PIECES) | st.binary()))
def test_any_form_is_read_or_explained(pieces: list[bytes]) -> None:
    try:
        photos = read(b"".join(pieces), size=50)
    except InvalidInput as error:
        assert error.field and error.remedy
    else:
        assert 1 <= len(photos) <= 8
