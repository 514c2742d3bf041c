"""A gzip stream that stores its bytes as they are.

Half-precision weights hardly shrink, and what a compressor makes of them depends on its version; stored, the
same input gives the same bytes on every machine, and gigabytes are packed and unpacked at the disk's pace.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from types import TracebackType

# Deflate, no flags, no time, no extra flags, unknown system.
_HEADER = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x00\xff"
_BLOCK = 65_535


class StoredGzip:
    """Writes to `stream` what is written to it, as one gzip member; leaving the context ends it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._pending = bytearray()
        self._checksum = 0
        self._size = 0
        stream.write(_HEADER)

    def write(self, data: bytes) -> int:
        """Take `data`; it reaches the stream in whole blocks."""
        self._checksum = zlib.crc32(data, self._checksum)
        self._size += len(data)
        self._pending += data
        whole = len(self._pending) // _BLOCK * _BLOCK
        for start in range(0, whole, _BLOCK):
            self._block(self._pending[start : start + _BLOCK], last=False)
        del self._pending[:whole]
        return len(data)

    def _block(self, data: bytes | bytearray, *, last: bool) -> None:
        size = len(data)
        self._stream.write(struct.pack("<BHH", last, size, size ^ 0xFFFF))
        self._stream.write(data)

    def __enter__(self) -> StoredGzip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._block(self._pending, last=True)
            self._stream.write(struct.pack("<II", self._checksum, self._size & 0xFFFFFFFF))
