"""Invalid and hostile uploads, each with the status that the service must answer."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx2
from PIL import Image

from tests.services.core.photos.jpegs import one_scan_per_component

BOUNDARY = "vitrine"
HEIC = Path(__file__).parents[1] / "services" / "core" / "photos" / "data" / "mug.heic"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


@dataclass(frozen=True)
class HostileUpload:
    """A name, the expected status, and the photos of a multipart body or a body without an end."""

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


def uploads() -> list[HostileUpload]:
    """Return one upload of each kind."""
    out = BytesIO()
    Image.effect_noise((1200, 900), 80).convert("RGB").save(out, "JPEG")
    jpeg = out.getvalue()
    flat = BytesIO()
    Image.new("RGBA", (7100, 7100), (90, 90, 90, 90)).save(flat, "PNG")
    heic = bytearray(HEIC.read_bytes())
    heic[179] = 188
    return [
        HostileUpload("text called .jpg", 415, (b"not a photo at all",)),
        HostileUpload("empty file", 422, (b"",)),
        HostileUpload("truncated JPEG", 422, (jpeg[: len(jpeg) // 2],)),
        HostileUpload("PNG bomb of 30,000 x 30,000", 413, (_bomb(30_000),)),
        HostileUpload("50-megapixel flat PNG", 413, (flat.getvalue(),)),
        HostileUpload("HEIC that crashes its decoder", 422, (bytes(heic),)),
        HostileUpload("49-megapixel JPEG of three scans", 413, (one_scan_per_component(7000, 7000),)),
        HostileUpload("SVG", 415, (b'<svg xmlns="http://www.w3.org/2000/svg"/>',)),
        HostileUpload("nine photos", 422, (jpeg[:5000],) * 9),
        HostileUpload("no photo", 422),
        HostileUpload("40 MB in chunks without a length", 413, endless=True),
    ]


def _part(content: bytes) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="images"; filename="photo.jpg"\r\n\r\n'
    return head.encode() + content + b"\r\n"


def _bomb(side: int) -> bytes:
    # One bit a pixel, all black: 112 MB of pixels in 110 KB, which a decoder would expand to 2.7 GB of RGB.
    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
