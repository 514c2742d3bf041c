"""The decoders' processes: isolated, bounded by their work, replaced when they end, and gone with us."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from PIL import Image

from benchmarks.hostile_uploads import long_progressive, scans_behind_a_mark
from services.core.photos import protocol
from services.core.photos.pool import Decoders, NeedsTooMuchWork, Overloaded, Undecodable

ROOT = Path(__file__).parents[4]


@pytest.fixture
def decoders() -> Iterator[Decoders]:
    made = Decoders(2, cpu_s=1)
    yield made
    made.close()


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (640, 480), "red").save(out, "JPEG")
    return out.getvalue()


def soon(seconds: float = 60) -> float:
    return time.monotonic() + seconds


@contextmanager
def later(seconds: float, act: Callable[[], object]) -> Iterator[None]:
    """Act during the block, so many seconds after it began."""
    timer = threading.Timer(seconds, act)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def test_processes_share_the_cores() -> None:
    decoders = Decoders(4)
    decoders.share(2)
    assert decoders.count == 2
    decoders.share(8)
    assert decoders.count == 1


def server(decoders: Decoders) -> psutil.Process:
    assert decoders._server is not None
    return psutil.Process(decoders._server.pid)


def processes(decoders: Decoders) -> list[psutil.Process]:
    children: list[psutil.Process] = server(decoders).children()
    return children


def gone(each: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(each, timeout=60)[1]


def test_photos_share_a_process(decoders: Decoders, jpeg: bytes) -> None:
    for _ in range(3):
        assert decoders.decode(jpeg, soon()).size == (640, 480)
    assert len(processes(decoders)) == 1


def test_process_ends_after_its_photos(
    decoders: Decoders, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "PHOTOS_PER_LIFE", 2)
    decoders.decode(jpeg, soon())
    first = processes(decoders)
    decoders.decode(jpeg, soon())
    assert gone(first)
    assert decoders.decode(jpeg, soon()).size == (640, 480)


def test_decoder_gets_no_variables_and_files(
    decoders: Decoders, jpeg: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with (tmp_path / "open").open("wb") as ours:
        os.set_inheritable(ours.fileno(), True)
        decoders.decode(jpeg, soon())
        for process in (server(decoders), *processes(decoders)):
            assert "sk-secret" not in str(process.environ())
            assert str(tmp_path) not in str(process.open_files())
    (decoder,) = processes(decoders)
    assert decoder.num_fds() == 4


def test_work_is_bounded(jpeg: bytes) -> None:
    decoders = Decoders(1, cpu_s=0.2)
    try:
        with pytest.raises(NeedsTooMuchWork):
            decoders.decode(long_progressive(), soon())
        assert decoders.decode(jpeg, soon()).size == (640, 480)
    finally:
        decoders.close()


def test_thousands_of_scans_are_refused(decoders: Decoders) -> None:
    with pytest.raises(NeedsTooMuchWork):
        decoders.decode(scans_behind_a_mark(), soon())


def test_load_is_not_work(decoders: Decoders, jpeg: bytes) -> None:
    decoders.decode(jpeg, soon())
    (decoder,) = processes(decoders)
    decoder.suspend()
    with later(1.5, decoder.resume):
        assert decoders.decode(jpeg, soon()).size == (640, 480)


def test_stopped_decoder_is_replaced(decoders: Decoders, jpeg: bytes) -> None:
    decoders.decode(jpeg, soon())
    stopped = processes(decoders)
    stopped[0].suspend()
    with pytest.raises(Overloaded):
        decoders.decode(jpeg, soon(0.3))
    assert gone(stopped)
    assert decoders.decode(jpeg, soon()).size == (640, 480)


@pytest.mark.parametrize("by", [signal.SIGSEGV, signal.SIGABRT])
def test_crash_is_the_photos_fault(decoders: Decoders, jpeg: bytes, by: signal.Signals) -> None:
    decoders.decode(jpeg, soon())
    (decoder,) = processes(decoders)
    decoder.suspend()
    with later(0.3, lambda: (decoder.send_signal(by), decoder.resume())), pytest.raises(Undecodable):
        decoders.decode(jpeg, soon())
    assert decoders.decode(jpeg, soon()).size == (640, 480)


def test_killed_decoder_is_asked_again(decoders: Decoders, jpeg: bytes) -> None:
    decoders.decode(jpeg, soon())
    for process in processes(decoders):
        process.kill()
    assert decoders.decode(jpeg, soon()).size == (640, 480)


def test_killed_server_is_replaced(decoders: Decoders, jpeg: bytes) -> None:
    decoders.decode(jpeg, soon())
    server(decoders).kill()
    for _ in range(3):
        assert decoders.decode(jpeg, soon()).size == (640, 480)


def test_stopped_server_is_replaced(decoders: Decoders, jpeg: bytes) -> None:
    decoders.start()
    stopped = server(decoders)
    stopped.suspend()
    with pytest.raises(Overloaded):
        decoders.decode(jpeg, soon(0.3))
    assert decoders.decode(jpeg, soon()).size == (640, 480)
    assert gone([stopped])


def test_ignored_signals_still_bound_work() -> None:
    decoders = Decoders(1, cpu_s=0.2)
    before = signal.signal(signal.SIGPROF, signal.SIG_IGN)
    try:
        with pytest.raises(NeedsTooMuchWork):
            decoders.decode(long_progressive(), soon())
    finally:
        signal.signal(signal.SIGPROF, before)
        decoders.close()


def test_each_thread_gets_its_picture(decoders: Decoders) -> None:
    def colour(number: int) -> int:
        out = BytesIO()
        Image.new("L", (50, 50), number).save(out, "PNG")
        return decoders.decode(out.getvalue(), soon()).getpixel((9, 9))[0]  # type: ignore[index]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(colour, range(40))) == list(range(40))
    assert len(processes(decoders)) <= 2


def test_no_free_decoder_is_overload(decoders: Decoders, jpeg: bytes) -> None:
    for _ in range(2):
        decoders._free.acquire()
    with pytest.raises(Overloaded):
        decoders.decode(jpeg, soon(0.1))
    for _ in range(2):
        decoders._free.release()


@pytest.mark.parametrize(
    "answer",
    [
        protocol.ANSWER.pack(b"P", 2**62),
        protocol.ANSWER.pack(b"P", 3) + b"abc",
        protocol.ANSWER.pack(b"P", 12) + protocol.PICTURE_HEAD.pack(2**31, 1, 0),
        protocol.ANSWER.pack(b"P", 12) + protocol.PICTURE_HEAD.pack(700, 700, 0),
        protocol.ANSWER.pack(b"L", 9) + b"[1, 2, 3]",
        protocol.ANSWER.pack(b"L", 27) + b'["x", 1e999, 1, 1, 1, 1, 1]',
        protocol.ANSWER.pack(b"?", 0),
    ],
)
def test_taken_over_decoder_does_no_harm(decoders: Decoders, answer: bytes) -> None:
    decoder = decoders._new()
    decoder.data.close()
    decoder.data, liar = socket.socketpair()
    decoders._idle.append(decoder)
    with liar:
        liar.sendall(answer)
        with pytest.raises(Undecodable):
            decoders.decode(b"", soon())


PARENT = """
import sys, time
from services.core.photos.pool import Decoders
decoders = Decoders(1)
decoders.decode(sys.stdin.buffer.read(), time.monotonic() + 60)
print(decoders._server.pid, flush=True)
time.sleep(60)
"""


def test_decoders_end_with_their_parent(jpeg: bytes) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(jpeg)
        parent.stdin.close()
        main = psutil.Process(int(parent.stdout.readline()))
        family = [main, *main.children()]
        assert len(family) == 2
        parent.kill()
    assert gone(family)


def test_decoders_are_closed_while_they_start(decoders: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "STATUS_WITHIN_S", 0.01)
    decoders.start()
    starting = server(decoders)
    decoders.close()
    assert not starting.is_running()


def test_closed_decoders_end(decoders: Decoders, jpeg: bytes) -> None:
    decoders.decode(jpeg, soon())
    family = [server(decoders), *processes(decoders)]
    decoders.close()
    with suppress(psutil.NoSuchProcess):
        assert gone(family)
