"""What the headers of a JPEG tell, before any of it is decoded."""

SEGMENTS = 500
_START_OF_SCAN = 0xDA
# Sequential, Huffman-coded frames; all others keep coefficients or are rare.
_SEQUENTIAL = (0xC0, 0xC1)


def decodes_lightly(upload: bytes) -> bool:
    """Whether the JPEG decodes at reduced scale in little memory and bounded time: one scan for all colours.

    Of several scans, as in a progressive file, a decoder keeps every coefficient and goes through them once a
    scan, however many there are. More than SEGMENTS headers count as no for the time that they take.
    """
    at, components = 2, None
    for _ in range(SEGMENTS):
        while upload[at : at + 2] == b"\xff\xff":
            at += 1
        marker, length = upload[at : at + 2], int.from_bytes(upload[at + 2 : at + 4], "big")
        if len(marker) < 2 or marker[0] != 0xFF or length < 2:
            return False
        content = upload[at + 4 : at + 2 + length]
        if marker[1] == _START_OF_SCAN:
            return components is not None and content[:1] == components
        if marker[1] in _SEQUENTIAL:
            components = content[5:6]
        at += 2 + length
    return False
