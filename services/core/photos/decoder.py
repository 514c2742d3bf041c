"""`python -m services.core.photos.decoder FD CPU_S`: the fork server of the decoders, and what each one does.

It imports the libraries once, then forks a decoder for each pair of sockets that comes over the socket FD. A
decoder answers photos on the first, one after another, until it is closed. On the second the server writes
the wait status of a decoder that ended; if the other side closes that socket, the decoder is killed. All end
with the process at the other end of FD.
"""

import gc
import json
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import warnings
from contextlib import suppress
from io import BytesIO
from typing import NoReturn

import pi_heif
from PIL import Image

from services.core.photos.decode import TooManyPixels, decode
from services.core.photos.essence import Damaged, TooMuchWork
from services.core.photos.protocol import (
    ADDRESS_SPACE_BYTES,
    ANSWER,
    DAMAGED,
    HEAVY,
    LENGTH,
    PHOTOS_PER_LIFE,
    PICTURE,
    PICTURE_HEAD,
    STATUS,
    TOO_MANY_PIXELS,
    TOO_MUCH_WORK,
)

# Decoders raise these on damaged files.
BROKEN = (
    Damaged,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    struct.error,
)
_warnings = 0


def serve(control: socket.socket, cpu_s: float) -> None:
    """Fork decoders, which may take `cpu_s` of processor time for a photo, until `control` closes."""
    children: dict[int, socket.socket] = {}
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is control:
                asked, descriptors, _, _ = socket.recv_fds(control, 1, 2)
                if not asked:
                    _end(children)
                data, status = (socket.socket(fileno=descriptor) for descriptor in descriptors)
                pid = os.fork()
                if pid == 0:
                    _become_decoder(data, cpu_s)
                data.close()
                children[pid] = status
                selector.register(status, selectors.EVENT_READ, pid)
            elif key.fileobj is woken:
                os.read(woken, 4096)
                _bury(children, selector)
            elif key.data in children:
                # Its other end is closed: the decoder is not wanted.
                os.kill(key.data, signal.SIGKILL)
                selector.unregister(key.fileobj)


def _bury(children: dict[int, socket.socket], selector: selectors.BaseSelector) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        ended = children.pop(pid)
        with suppress(KeyError):
            selector.unregister(ended)
        with ended, suppress(OSError):
            ended.send(STATUS.pack(status))


def _end(children: dict[int, socket.socket]) -> NoReturn:
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    os._exit(0)


def _become_decoder(data: socket.socket, cpu_s: float) -> NoReturn:
    try:
        signal.set_wakeup_fd(-1)
        # What the service ignores or blocks would be inherited.
        for number in (signal.SIGCHLD, signal.SIGPROF, signal.SIGXCPU, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        # Libraries print what they find in a file.
        os.dup2(1, 2)
        os.dup2(data.detach(), 3)
        os.closerange(4, 1024)
        _bound_resources(cpu_s)
        with socket.socket(fileno=3) as connection:
            while _answer_one(connection, cpu_s):
                pass
    finally:
        os._exit(0)


def _bound_resources(cpu_s: float) -> None:
    # Where memory runs out, the kernel ends a decoder rather than the service.
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:  # noqa: PTH123
        score.write("1000")
    life = int(cpu_s * PHOTOS_PER_LIFE) + 1
    for kind, bound in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_CPU, life),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        # Some systems do not support each limit.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (bound, bound))


def _answer_one(connection: socket.socket, cpu_s: float) -> bool:
    """Answer one request; False if there is none."""
    global _warnings
    upload = _received(connection)
    if upload is None:
        return False
    _warnings = 0
    # SIGPROF ends the process, wherever it is.
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    kind, content = _decoded(upload, connection)
    signal.setitimer(signal.ITIMER_PROF, 0)
    connection.sendall(ANSWER.pack(kind, sum(map(len, content))))
    for part in content:
        connection.sendall(part)
    return True


def _received(connection: socket.socket) -> bytes | None:
    with connection.makefile("rb") as stream:
        head = stream.read(LENGTH.size)
        if len(head) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack(head)
        upload = stream.read(length)
    return upload if len(upload) == length else None


def _decoded(upload: bytes, connection: socket.socket) -> tuple[bytes, tuple[bytes, ...]]:
    def before_heavy() -> None:
        connection.sendall(ANSWER.pack(HEAVY, 0))
        if not connection.recv(1):
            os._exit(0)

    try:
        image = decode(upload, before_heavy)
    except TooManyPixels as error:
        return TOO_MANY_PIXELS, (json.dumps([error.kind, *error.size, error.limit]).encode(),)
    except (MemoryError, TooMuchWork):
        return TOO_MUCH_WORK, ()
    except BROKEN:
        return DAMAGED, ()
    return PICTURE, (PICTURE_HEAD.pack(*image.size, _warnings), image.tobytes())


def _count_warning(*_: object, **__: object) -> None:
    global _warnings
    _warnings += 1


def _warm_up() -> None:
    """Import what the first photos would import, and start counting warnings."""
    pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = pi_heif.options.THUMBNAILS = False
    warnings.simplefilter("always")
    warnings.showwarning = _count_warning
    for format_ in ("JPEG", "PNG", "WEBP"):
        out = BytesIO()
        Image.new("RGB", (8, 8)).save(out, format_)
        decode(out.getvalue(), lambda: None)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _warm_up()
    serve(socket.socket(fileno=int(sys.argv[1])), float(sys.argv[2]))
