"""The senders post as a drain does: six at once, each batch once, none again after a lost answer."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.drill_logs.batches import Batch, Kind
from benchmarks.drill_logs.instance import Context, gateway_event, peak_mb
from benchmarks.drill_logs.senders import Senders
from benchmarks.emulated_stores import free_ports

CUT_OFF = 7


class Gateway:
    """What a receiver gets; it ends without an answer to one batch."""

    def __init__(self) -> None:
        self.posted: Counter[str] = Counter()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                gateway.posted[body.decode()] += 1
                if body == str(CUT_OFF).encode():
                    return
                self.send_response(202)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    made = Gateway()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def batches(tmp_path: Path) -> list[Batch]:
    made = []
    for number in range(20):
        file = tmp_path / str(number)
        file.write_text(str(number))
        made.append(Batch(number, Kind.GZIP, {}, file, 1))
    return made


def test_each_batch_is_posted_once(gateway: Gateway, batches: list[Batch]) -> None:
    (down,) = free_ports(1)
    addresses = [f"http://127.0.0.1:{port}" for port in (gateway.server.server_address[1], down)]
    senders = Senders(batches, addresses, 0.01, 1)
    asyncio.run(senders.run())
    assert gateway.posted == {str(number): 1 for number in range(20)}
    assert {sent.batch.number: sent.status for sent in senders.sent} == {
        number: 0 if number == CUT_OFF else 202 for number in range(20)
    }
    assert senders.left == 0


JSON, GZIP = {"content-type": "application/json"}, {"content-encoding": "gzip"}


@pytest.mark.parametrize(
    ("headers", "body", "encoded"),
    [
        (JSON, b"[]", False),
        ({**JSON, **GZIP}, b"\x1f\x8b", True),
        (GZIP, b"\x1f\x8b", True),
        (JSON, b"\xff\xfe", True),
    ],
)
def test_gateway_encodes_what_is_no_text(headers: dict[str, str], body: bytes, encoded: bool) -> None:
    assert gateway_event(headers, body)["isBase64Encoded"] is encoded


def test_instance_knows_its_limits() -> None:
    assert 1 < peak_mb() < 10_000
    assert 50_000 < Context().get_remaining_time_in_millis() <= 60_000
