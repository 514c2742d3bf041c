"""What a service and its decoders say to each other over a socket."""

import os
import socket
import struct
import time

from services.core.photos.resize import SMALL_PX

# The work that one photo may cause: processor time of the decoder and its threads, and its address space.
CPU_S = 15.0
ADDRESS_SPACE_BYTES = 2**30
PHOTOS_PER_LIFE = 100
# A request is its length and the upload. An answer is one of these, its length, and its content. After HEAVY
# the decoder waits for one byte; PICTURE holds width, height and the number of warnings, then RGB.
LENGTH = struct.Struct(">Q")
ANSWER = struct.Struct(">cQ")
PICTURE_HEAD = struct.Struct(">3I")
LONGEST_ANSWER = PICTURE_HEAD.size + 3 * SMALL_PX * SMALL_PX
PICTURE, HEAVY, DAMAGED, TOO_MANY_PIXELS, TOO_MUCH_WORK = b"P", b"H", b"D", b"L", b"W"
# The wait status of a decoder that has ended.
STATUS = struct.Struct(">i")
# After a decoder has closed its socket, its server tells within this time how it ended.
STATUS_WITHIN_S = 5.0


def send(connection: socket.socket, content: bytes, until: float) -> None:
    """Send all of it until `until` of `time.monotonic`; raises TimeoutError."""
    connection.settimeout(max(0.001, until - time.monotonic()))
    connection.sendall(content)


def answer(connection: socket.socket, until: float) -> tuple[bytes, bytearray]:
    """Return an answer's kind and content; raises TimeoutError, EOFError, or ValueError if it is too long."""
    kind, length = ANSWER.unpack(receive(connection, ANSWER.size, until))
    if length > LONGEST_ANSWER:
        raise ValueError("an answer is too long")
    return kind, receive(connection, length, until)


def receive(connection: socket.socket, length: int, until: float) -> bytearray:
    """Return so many bytes; raises TimeoutError or EOFError."""
    content = bytearray(length)
    rest = memoryview(content)
    while rest:
        connection.settimeout(max(0.001, until - time.monotonic()))
        received = connection.recv_into(rest)
        if not received:
            raise EOFError
        rest = rest[received:]
    return content


def signal_of(status: socket.socket) -> int | None:
    """The signal by which the decoder ended; None if its server is gone too."""
    status.settimeout(STATUS_WITHIN_S)
    try:
        told = status.recv(STATUS.size, socket.MSG_WAITALL)
    except OSError:
        return None
    if len(told) < STATUS.size:
        return None
    (number,) = STATUS.unpack(told)
    return os.WTERMSIG(number) if os.WIFSIGNALED(number) else 0
