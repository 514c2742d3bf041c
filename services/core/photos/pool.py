"""A pool of processes that decode photos, so that a hostile photo ends one of them and nothing else.

They get none of our variables, and so no secrets, and none of our open files. Their memory is bounded, and
their processor time for each photo: a busy machine makes them slower, not stricter.
"""

import atexit
import json
import logging
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import PIL
from PIL import Image

import services
from services.core.photos import protocol
from services.core.photos.resize import SMALL_PX

# The latest decodes count most in what a decode takes.
_WEIGHT = 0.2
# glibc's: one heap for all threads, which counts less address space, and which keeps the memory of a photo of
# usual size for the next one.
_MALLOC = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(2**25),
    "MALLOC_TRIM_THRESHOLD_": str(2**26),
}
logger = logging.getLogger(__name__)


class Undecodable(Exception):
    """The photo cannot be decoded: it is damaged, or needs more work than a photo may cause."""


class NeedsTooMuchWork(Undecodable):
    """The photo needs more processor time or memory than a photo may."""


class TooManyPixels(Undecodable):
    """A photo of `kind` has `size` pixels, more than `limit`."""

    def __init__(self, kind: str, width: int, height: int, limit: int) -> None:
        super().__init__(kind)
        self.kind, self.size, self.limit = kind, (width, height), limit


class Overloaded(Exception):
    """No decoder was free, or none finished, in the time that was left."""


class _Ended(Exception):
    """The decoder ended without an answer, by this signal; None if not by its own doing."""

    def __init__(self, by: int | None) -> None:
        super().__init__(by)
        self.by = by


@dataclass
class _Decoder:
    """One process, by its two sockets: for photos and answers, and for the status by which it ended."""

    data: socket.socket
    status: socket.socket
    photos: int = 0

    def close(self) -> None:
        """End the process."""
        self.data.close()
        self.status.close()


@dataclass
class Decoders:
    """Decodes at most `count` photos at once. Each may take `cpu_s` of processor time.

    The processes are started when they are needed, and end with this one.
    """

    count: int
    cpu_s: float = protocol.CPU_S
    typical_s: float = 0.1
    _server: "subprocess.Popen[bytes] | None" = None
    _control: socket.socket | None = None
    _idle: list[_Decoder] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _heavy: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._free = threading.BoundedSemaphore(self.count)
        atexit.register(self.close)

    def decode(self, upload: bytes, until: float) -> Image.Image:
        """Return the photo as RGB of at most SMALL_PX. Blocks, at most until `until` of `time.monotonic`.

        Raises Undecodable, or Overloaded.
        """
        if not self._free.acquire(timeout=max(0.0, until - time.monotonic())):
            raise Overloaded
        started = time.monotonic()
        try:
            return self._decoded(upload, until)
        except TimeoutError:
            raise Overloaded from None
        finally:
            self._free.release()
            self.typical_s += _WEIGHT * (time.monotonic() - started - self.typical_s)

    def share(self, processes: int) -> None:
        """Leave the cores to so many processes alike; called before the first photo."""
        self.count = max(1, self.count // processes)
        self._free = threading.BoundedSemaphore(self.count)

    def start(self) -> None:
        """Start the server of the processes, without waiting for it."""
        with self._lock:
            self._running()

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()
            self._stop()

    def _decoded(self, upload: bytes, until: float) -> Image.Image:
        for attempt in (1, 2):
            try:
                with self._decoder() as decoder:
                    return self._ask(decoder, upload, until)
            except _Ended as ended:
                if ended.by in (signal.SIGPROF, signal.SIGXCPU):
                    raise NeedsTooMuchWork from None
                if ended.by not in (None, signal.SIGKILL, signal.SIGTERM):
                    logger.warning("decoder crashed", extra={"signal": ended.by})
                    raise Undecodable from None
                # Ended from outside, which says nothing about the photo.
                told = {"signal": ended.by, "attempt": attempt}
                logger.warning("decoder ended from outside", extra=told)
        raise Overloaded

    def _ask(self, decoder: _Decoder, upload: bytes, until: float) -> Image.Image:
        try:
            protocol.send(decoder.data, protocol.LENGTH.pack(len(upload)), until)
            protocol.send(decoder.data, upload, until)
            kind, content = protocol.answer(decoder.data, until)
            if kind != protocol.HEAVY:
                return _image(kind, content)
            if not self._heavy.acquire(timeout=max(0.0, until - time.monotonic())):
                raise TimeoutError
            try:
                protocol.send(decoder.data, b"!", until)
                kind, content = protocol.answer(decoder.data, until)
            finally:
                self._heavy.release()
                # Memory that a large photo took does not all go back to the system.
                decoder.photos = protocol.PHOTOS_PER_LIFE
            return _image(kind, content)
        except (ConnectionError, EOFError):
            raise _Ended(protocol.signal_of(decoder.status)) from None
        except (ValueError, TypeError, ArithmeticError, struct.error):
            # No answer of ours: a photo has taken the decoder over.
            raise _Ended(0) from None

    @contextmanager
    def _decoder(self) -> Iterator[_Decoder]:
        with self._lock:
            decoder = self._idle.pop() if self._idle else self._new()
        try:
            yield decoder
        except Undecodable:
            self._put_back(decoder)
            raise
        except BaseException as error:
            decoder.close()
            if isinstance(error, TimeoutError) and decoder.photos == 0:
                self._give_up_server()
            raise
        else:
            self._put_back(decoder)

    def _put_back(self, decoder: _Decoder) -> None:
        decoder.photos += 1
        if decoder.photos >= protocol.PHOTOS_PER_LIFE:
            decoder.close()
        else:
            with self._lock:
                self._idle.append(decoder)

    def _give_up_server(self) -> None:
        # It may be stopped: a decoder that it never made answers no photo.
        with self._lock:
            if self._server is not None:
                self._server.kill()

    def _new(self) -> _Decoder:
        data, its_data = socket.socketpair()
        status, its_status = socket.socketpair()
        with its_data, its_status:
            descriptors = [its_data.fileno(), its_status.fileno()]
            try:
                socket.send_fds(self._running(), [b"F"], descriptors)
            except ConnectionError:
                # The server has ended, which its status need not say yet.
                self._stop()
                socket.send_fds(self._running(), [b"F"], descriptors)
        return _Decoder(data, status)

    def _running(self) -> socket.socket:
        """The socket to a server that runs; the caller holds the lock."""
        if self._control is not None and self._server is not None and self._server.poll() is None:
            return self._control
        self._stop()
        # It needs the variable by which Python finds its libraries, and the folders of our packages: those of
        # a Lambda function are outside the interpreter's own path.
        environment = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        folders = (Path(module.__path__[0]).parent for module in (services, PIL))
        environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(map(str, folders)))
        environment |= _MALLOC
        self._control, its_control = socket.socketpair()
        program = [sys.executable, "-P", "-s", "-m", "services.core.photos.decoder"]
        with its_control:
            self._server = subprocess.Popen(  # noqa: S603 - our own program
                [*program, str(its_control.fileno()), str(self.cpu_s)],
                pass_fds=[its_control.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment,
                # Ctrl-C reaches this process, which ends them.
                start_new_session=True,
            )
        return self._control

    def _stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._server is not None:
            try:
                self._server.wait(protocol.STATUS_WITHIN_S)
            except subprocess.TimeoutExpired:
                # Stopped, or still importing on a busy machine.
                self._server.kill()
                self._server.wait()
        self._control = self._server = None


def _image(kind: bytes, content: bytearray) -> Image.Image:
    if kind == protocol.PICTURE:
        width, height, warnings = protocol.PICTURE_HEAD.unpack_from(content)
        if not (0 < width <= SMALL_PX and 0 < height <= SMALL_PX):
            raise ValueError("a picture has no allowed size")
        if warnings:
            logger.info("a decoder warned of a photo", extra={"count": warnings})
        with memoryview(content)[protocol.PICTURE_HEAD.size :] as pixels:
            return Image.frombytes("RGB", (width, height), pixels)
    if kind == protocol.TOO_MANY_PIXELS:
        name, width, height, limit = json.loads(content)
        raise TooManyPixels(str(name)[:40], int(width), int(height), int(limit))
    raise NeedsTooMuchWork if kind == protocol.TOO_MUCH_WORK else Undecodable
