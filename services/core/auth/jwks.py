"""The public keys of an issuer (a JSON Web Key Set): fetched, cached, and fetched again at a limited rate."""

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from services.core.domain.errors import KeysUnavailable

FETCH_TIMEOUT_S = 3.0
LARGEST_KEY_SET = 262_144
FRESH_S = 600.0
RETRY_S = 30.0
EMPTY_RETRY_S = 1.0
SMALLEST_RSA_BITS = 2048


@dataclass(frozen=True)
class Key:
    """A public key and the one algorithm that it verifies."""

    algorithm: str
    public: Any


class KeySet:
    """The issuer's public keys by id: cached, and kept while the issuer cannot be reached.

    A set is fetched again when it is 10 minutes old or lacks a key, but at most once in 30 s: invented key
    ids must not flood the issuer. Until the first set has arrived, it is once a second.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"the key set's URL is http(s), not {url}")
        self._url = url
        self._clock = clock
        self._refreshing = threading.Lock()
        self._keys: dict[str, Key] | None = None
        self._had_at = self._asked_at = float("-inf")

    def get(self, kid: str) -> Key | None:
        """Return the key, or None if the issuer does not have it; raises KeysUnavailable."""
        known = self._keys
        key = known.get(kid) if known is not None else None
        if key is not None:
            # One caller refreshes an old set; the others use the key they have.
            if self._clock() - self._had_at > FRESH_S and self._refreshing.acquire(blocking=False):
                try:
                    self._refresh()
                finally:
                    self._refreshing.release()
                return (self._keys or {}).get(kid)
            return key
        with self._refreshing:
            if self._keys is None or kid not in self._keys:
                self._refresh()
            return self._known().get(kid)

    def ensure(self) -> None:
        """Raise KeysUnavailable if there are no keys; fetches them only if there never were any."""
        with self._refreshing:
            if self._keys is None:
                self._refresh()
            self._known()

    def _known(self) -> dict[str, Key]:
        if self._keys is None:
            raise KeysUnavailable("the issuer's keys cannot be fetched")
        return self._keys

    def _refresh(self) -> None:
        pause = EMPTY_RETRY_S if self._keys is None else RETRY_S
        if self._clock() - self._asked_at < pause:
            return
        try:
            self._keys = _parse(_fetch(self._url))
            self._had_at = self._clock()
        except (OSError, ValueError, RecursionError):
            # The last valid keys stay: an outage of the issuer signs no user out.
            pass
        finally:
            # Counted from the end: after a slow failure, the callers that waited do not try again.
            self._asked_at = self._clock()


def _fetch(url: str) -> bytes:
    """Return the document; raises OSError unless all of it arrives within FETCH_TIMEOUT_S."""
    received: list[bytes] = []

    def read() -> None:
        with suppress(OSError, HTTPException, ValueError):
            received.append(_read(url))

    # In a thread: urllib's own timeout limits each wait on the socket, and not the DNS lookup.
    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(FETCH_TIMEOUT_S)
    if not received:
        raise OSError("the key set did not arrive in time")
    return received[0]


def _read(url: str) -> bytes:
    deadline = time.monotonic() + FETCH_TIMEOUT_S
    body = b""
    with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_S) as answer:  # noqa: S310 http(s), see KeySet
        while chunk := answer.read1(LARGEST_KEY_SET):
            body += chunk
            if len(body) > LARGEST_KEY_SET:
                raise ValueError("the key set is too large")
            if time.monotonic() > deadline:
                raise TimeoutError("the key set takes too long")
    return body


def _parse(body: bytes) -> dict[str, Key]:
    document = json.loads(body)
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("the document is not a key set")
    pairs = [(jwk["kid"], _key(jwk)) for jwk in document["keys"] if _is_usable(jwk)]
    return {kid: key for kid, key in pairs if key is not None}


def _is_usable(jwk: object) -> bool:
    return isinstance(jwk, dict) and isinstance(jwk.get("kid"), str) and jwk.get("use", "sig") == "sig"


def _key(jwk: dict[str, Any]) -> Key | None:
    """Return the key with the one algorithm of its type; None for types that are not supported."""
    kind = (jwk.get("kty"), jwk.get("crv"))
    algorithm = "ES256" if kind == ("EC", "P-256") else "RS256" if kind == ("RSA", None) else None
    if algorithm is None or jwk.get("alg", algorithm) != algorithm:
        return None
    try:
        public = jwt.PyJWK.from_dict(jwk, algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return None
    if isinstance(public, RSAPublicKey) and public.key_size < SMALLEST_RSA_BITS:
        return None
    return Key(algorithm, public)
