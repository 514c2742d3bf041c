"""Uploads that are not acceptable photos, and the HTTP status that each must get."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx2
from PIL import Image

BOUNDARY = "vitrine"
HEIC = Path(__file__).parent / "data" / "mug.heic"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@dataclass(frozen=True)
class Upload:
    """One upload: its photos, or an endless stream, and the status that must answer it."""

    name: str
    status: int
    photos: tuple[bytes, ...] = ()
    endless: bool = False

    def post(self, client: httpx2.Client, url: str, headers: dict[str, str]) -> httpx2.Response:
        """Send it to `url`/analyze."""
        return client.post(f"{url}/analyze", headers=headers | HEADERS, content=self._body())

    def _body(self) -> bytes | Iterator[bytes]:
        if self.endless:
            return self._endless()
        return b"".join(_part(photo) for photo in self.photos) + f"--{BOUNDARY}--\r\n".encode()

    def _endless(self) -> Iterator[bytes]:
        yield _part(b"\xff\xd8\xff")[:-2]
        for _ in range(40):
            yield bytes(1_000_000)


def uploads() -> list[Upload]:
    """Return all hostile uploads, created on each call because some are large."""
    out = BytesIO()
    Image.effect_noise((1200, 900), 80).convert("RGB").save(out, "JPEG")
    jpeg = out.getvalue()
    return [
        Upload("text called .jpg", 415, (b"not a photo at all",)),
        Upload("empty file", 422, (b"",)),
        Upload("truncated JPEG", 422, (jpeg[: len(jpeg) // 2],)),
        Upload("PNG bomb of 30,000 x 30,000", 413, (_bomb(30_000),)),
        Upload("PNG of 100 megapixels", 413, (_bomb(10_000),)),
        Upload("truncated HEIC", 422, (HEIC.read_bytes()[:2000],)),
        Upload("81-megapixel JPEG of three scans", 413, (one_scan_per_component(9000, 9000),)),
        Upload("JPEG of thousands of scans", 422, (scans_behind_a_mark(),)),
        Upload("JPEG of a thousand million pixels", 413, (one_scan(32_000, 32_000),)),
        Upload("SVG", 415, (b'<svg xmlns="http://www.w3.org/2000/svg"/>',)),
        Upload("nine photos", 422, (jpeg[:5000],) * 9),
        Upload("no photo", 422),
        Upload("40 MB in chunks without a length", 413, endless=True),
    ]


def _part(content: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="images"; filename="photo.jpg"\r\n\r\n'
    return head.encode() + content + b"\r\n"


def _bomb(side: int) -> bytes:
    # One bit per pixel, all black: 110 KB that hold 112 MB of pixels, or 2.7 GB once decoded to RGB.
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def one_scan_per_component(width: int, height: int) -> bytes:
    """Return a flat sequential JPEG with one scan per colour, which decoders must hold in memory whole."""
    blocks = -(-width // 8) * -(-height // 8)
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"".join(bytes([i, 0x11, 0]) for i in (1, 2, 3))
    tables = b"".join(_segment(0xC4, bytes([kind, 1, 1, *[0] * 14, 0, 1])) for kind in (0x00, 0x10))
    # Each block is two bits: no change of the average, and no other coefficient.
    data = bytes(-(-2 * blocks // 8))
    scans = b"".join(_segment(0xDA, bytes([1, i, 0, 0, 63, 0])) + data for i in (1, 2, 3))
    quantization = _segment(0xDB, bytes([0, *[1] * 64]))
    return b"\xff\xd8" + quantization + _segment(0xC0, frame) + tables + scans + b"\xff\xd9"


def one_scan(width: int, height: int) -> bytes:
    """Return a flat grey JPEG of one scan, as small as one of this size can be."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + bytes([1, 0x11, 0])
    tables = b"".join(_segment(0xC4, bytes([kind, 1, 1, *[0] * 14, 0, 1])) for kind in (0x00, 0x10))
    # Each block is two bits.
    scan = _segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + bytes(-(-width // 8) * -(-height // 8) // 4 + 1)
    quantization = _segment(0xDB, bytes([0, *[1] * 64]))
    return b"\xff\xd8" + quantization + _segment(0xC0, frame) + tables + scan + b"\xff\xd9"


def scans_behind_a_mark(scans: int = 20_000) -> bytes:
    """Return a progressive JPEG of 49 megapixels and so many scans, with a trap for readers of its headers.

    A mark that has no length stands before its frame. A reader that takes the next two bytes for one jumps
    over the frame, and finds one of a plain JPEG.
    """
    component = bytes([1, 0x11, 0])
    start = b"\xff\xd8\xff\xd0" + _segment(0xC2, struct.pack(">BHHB", 8, 7000, 7000, 1) + component)
    plain = _segment(0xC0, struct.pack(">BHHB", 8, 700, 700, 1) + component)
    plain += _segment(0xDA, bytes([1, 1, 0, 0, 63, 0]))
    # The frame's own marker, taken for a length, leads into this comment.
    landing = 4 + 0xFFC2
    hidden = _segment(0xFE, bytes(landing - len(start) - 4) + plain)
    table = _segment(0xC4, bytes([0, 1, 1, *[0] * 14, 0, 1]))
    scan = _segment(0xDA, bytes([1, 1, 0, 0, 0, 0])) + b"\0"
    quantization = _segment(0xDB, bytes([0, *[1] * 64]))
    return start + hidden + quantization + table + scan * scans + b"\xff\xd9"


def long_progressive() -> bytes:
    """Return a progressive JPEG of 70 megapixels and 90 scans, few enough to be decoded."""
    frame = _segment(0xC2, struct.pack(">BHHB", 8, 8400, 8400, 1) + bytes([1, 0x11, 0]))
    table = _segment(0xC4, bytes([0, 1, 1, *[0] * 14, 0, 1]))
    blocks = (8400 // 8) ** 2
    scan = _segment(0xDA, bytes([1, 1, 0, 0, 0, 0])) + bytes(blocks // 8 // 90)
    return b"\xff\xd8" + frame + _segment(0xDB, bytes([0, *[1] * 64])) + table + scan * 90 + b"\xff\xd9"


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content
