"""The cache of the issuer's keys: it limits the requests, and survives outages."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from services.core.auth import jwks
from services.core.auth.jwks import KeySet
from services.core.domain.errors import KeysUnavailable
from tests.services.core.auth.issuer import Issuer, public_jwk, running_issuer


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> KeySet:
    return KeySet(issuer.jwks_url, clock=clock)


def rotate(issuer: Issuer, kid: str) -> None:
    issuer.keys = [public_jwk(ec.generate_private_key(ec.SECP256R1()), kid)]


def test_known_keys_are_cached(keys: KeySet, issuer: Issuer) -> None:
    for _ in range(3):
        assert keys.get("one")
    assert issuer.asked == 1


def test_unknown_key_refetches_every_30_s(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    keys.get("one")
    clock.now += 31
    for number in range(20):
        assert keys.get(f"invented-{number}") is None
    assert issuer.asked == 2
    clock.now += 29
    assert keys.get("invented") is None
    assert issuer.asked == 2


def test_rotated_key_is_found(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    keys.get("one")
    rotate(issuer, "two")
    assert keys.get("two") is None
    clock.now += 31
    assert keys.get("two")
    assert keys.get("one") is None


def test_revoked_key_disappears(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    keys.get("one")
    rotate(issuer, "two")
    clock.now += 599
    assert keys.get("one")
    clock.now += 2
    assert keys.get("one") is None


@pytest.mark.parametrize(
    ("status", "answer"),
    [(503, None), (200, b"<html>maintenance</html>"), (200, b"{}"), (200, b"[]"), (200, b"x" * 300_000)],
)
def test_known_keys_survive_an_outage(
    keys: KeySet, issuer: Issuer, clock: Clock, status: int, answer: bytes | None
) -> None:
    keys.get("one")
    issuer.status, issuer.answer = status, answer
    for _ in range(5):
        clock.now += 601
        assert keys.get("one")


def test_unavailable_issuer_is_asked_rarely(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    keys.get("one")
    issuer.status = 503
    clock.now += 601
    for _ in range(10):
        keys.get("one")
    assert issuer.asked == 2


def test_missing_keys_refetch_every_second(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    issuer.status = 503
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            keys.get("one")
    assert issuer.asked == 1
    issuer.status = 200
    clock.now += 1.1
    assert keys.get("one")


def test_closed_port_is_keys_unavailable() -> None:
    with pytest.raises(KeysUnavailable):
        KeySet("http://127.0.0.1:9/jwks.json").ensure()


@pytest.fixture
def dribbling() -> Iterator[int]:
    """The port of a server that sends a byte at a time, without an end."""
    stopped = threading.Event()

    def dribble(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            path = connection.recv(4096).split()[1]
            start = b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if path == b"/body" else b"X-Slow: ")
            connection.sendall(start)
            while not stopped.wait(0.02):
                connection.sendall(b" ")

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=dribble, args=(server.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        stopped.set()
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("slow", ["headers", "body"])
def test_slow_key_set_times_out(dribbling: int, slow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwks, "FETCH_TIMEOUT_S", 0.3)
    began = time.monotonic()
    with pytest.raises(KeysUnavailable):
        KeySet(f"http://127.0.0.1:{dribbling}/{slow}").get("one")
    assert time.monotonic() - began < 15


def test_readiness_asks_once(keys: KeySet, issuer: Issuer, clock: Clock) -> None:
    for _ in range(5):
        clock.now += 31
        keys.ensure()
    assert issuer.asked == 1


def test_threads_share_one_request(keys: KeySet, issuer: Issuer) -> None:
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(keys.get("one"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert all(found)
    assert issuer.asked == 1


def test_unusable_keys_are_skipped(keys: KeySet, issuer: Issuer) -> None:
    p256, p384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 the weakness is the point
    issuer.keys += [
        public_jwk(p256, "encrypts", use="enc"),
        public_jwk(p256, "claims-rsa", alg="RS256"),
        public_jwk(p384, "other-curve"),
        public_jwk(weak, "weak"),
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0", "alg": "HS256", "use": "sig"},
        {"kty": "EC", "crv": "P-256", "kid": "broken", "x": 5, "y": None},
    ]
    assert keys.get("one")
    for kid in ("encrypts", "claims-rsa", "other-curve", "weak", "shared", "broken"):
        assert keys.get(kid) is None


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["kty", "crv", "kid", "x", "y", "n", "e", "alg", "use"]),
            st.sampled_from(["EC", "P-256", "RSA", "AQAB", "sig", ""])
            | st.integers()
            | st.text()
            | st.none(),
        )
        | st.integers()
    )
)
def test_any_key_set_is_survived(entries: list[object]) -> None:
    assert isinstance(jwks._parse(json.dumps({"keys": entries}).encode()), dict)


def test_key_set_url_must_be_http() -> None:
    with pytest.raises(ValueError, match=r"http\(s\), not file"):
        KeySet("file:///etc/passwd")
