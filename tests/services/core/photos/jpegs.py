"""JPEGs that no camera writes and every decoder reads."""

import struct


def one_scan_per_component(width: int, height: int) -> bytes:
    """A flat sequential JPEG, its three colours one after the other: decoders keep all of it in memory."""
    blocks = -(-width // 8) * -(-height // 8)
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"".join(bytes([i, 0x11, 0]) for i in (1, 2, 3))
    tables = b"".join(_segment(0xC4, bytes([kind, 1, 1, *[0] * 14, 0, 1])) for kind in (0x00, 0x10))
    # Each block is two bits: no change of the average, and nothing else.
    data = bytes(-(-2 * blocks // 8))
    scans = b"".join(_segment(0xDA, bytes([1, i, 0, 0, 63, 0])) + data for i in (1, 2, 3))
    quantization = _segment(0xDB, bytes([0, *[1] * 64]))
    return b"\xff\xd8" + quantization + _segment(0xC0, frame) + tables + scans + b"\xff\xd9"


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content
