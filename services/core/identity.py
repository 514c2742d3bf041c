"""Who sent a request: verifies Supabase access tokens. One implementation, for the gateway and for the app.

IdentityError
├── InvalidToken      the token is refused; its reason may be told to the client
└── KeysUnavailable   nothing can be said: the issuer's keys cannot be had, and none are known from before
"""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LEEWAY_S = 10
LONGEST_TOKEN = 8192
FETCH_TIMEOUT_S = 3.0
LARGEST_KEY_SET = 262_144
FRESH_S = 600.0
RETRY_S = 30.0
EMPTY_RETRY_S = 1.0
SHORTEST_SECRET = 32
SMALLEST_RSA_BITS = 2048


class IdentityError(Exception):
    """No identity could be established."""


class InvalidToken(IdentityError):
    """The token is refused. `reason` is safe to show: it never holds the token or a part of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class KeysUnavailable(IdentityError):
    """The issuer's keys cannot be had, and none are known from before."""


@dataclass(frozen=True)
class Identity:
    """The caller: `subject` is the Supabase user's id."""

    subject: str


@dataclass(frozen=True)
class _Key:
    algorithm: str
    public: Any


class TokenVerifier:
    """Checks access tokens of one issuer. Safe to share between threads.

    `legacy_secret` also lets HS256 in, for projects that still sign with their shared secret.
    Raises ValueError when the secret is too short to be one, or the URL is not http(s).
    """

    def __init__(
        self, issuer: str, jwks_url: str, audience: str = "authenticated", legacy_secret: str | None = None
    ) -> None:
        if legacy_secret is not None and len(legacy_secret.encode()) < SHORTEST_SECRET:
            raise ValueError(f"the legacy secret has at least {SHORTEST_SECRET} bytes")
        self._issuer = issuer
        self._audience = audience
        self._legacy_secret = legacy_secret
        self._keys = KeySet(jwks_url)

    def verify(self, token: str) -> Identity:
        """Return whose token this is; may wait up to 3 s for the issuer's keys.

        Raises InvalidToken, or KeysUnavailable.
        """
        if len(token) > LONGEST_TOKEN:
            raise InvalidToken("the token is too long")
        algorithm, key = self._key_of(token)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise InvalidToken(_reason(error)) from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject.strip():
            raise InvalidToken("the token names no subject")
        return Identity(subject)

    def _key_of(self, token: str) -> tuple[str, Any]:
        """The one algorithm and key that may verify this token: the key decides, the token only claims."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise InvalidToken("the token is malformed") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm == "HS256" and self._legacy_secret is not None:
            return "HS256", self._legacy_secret
        if algorithm not in ("ES256", "RS256"):
            raise InvalidToken("the token's algorithm is not accepted")
        if not isinstance(kid, str):
            raise InvalidToken("the token does not say which key signed it")
        key = self._keys.get(kid)
        if key is None:
            raise InvalidToken("the token's key is not known")
        if key.algorithm != algorithm:
            raise InvalidToken("the token's algorithm is not its key's")
        return key.algorithm, key.public


class KeySet:
    """The issuer's public keys by id: cached, and kept when the issuer cannot be reached.

    A set is asked for again when it is 10 minutes old or lacks a key, but never twice within 30 s, so that nobody
    makes us hammer the issuer by inventing key ids. Only while no set was ever had, a second is enough.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"the key set's URL is http(s), not {url}")
        self._url = url
        self._clock = clock
        self._refreshing = threading.Lock()
        self._keys: dict[str, _Key] | None = None
        self._had_at = self._asked_at = float("-inf")

    def get(self, kid: str) -> _Key | None:
        """Return the key, or None when the issuer does not have it; raises KeysUnavailable."""
        known = self._keys
        key = known.get(kid) if known is not None else None
        if key is not None:
            # One caller renews an old set; the others go on with the key they have.
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
            if self._keys is None:
                raise KeysUnavailable("the issuer's keys cannot be had")
            return self._keys.get(kid)

    def _refresh(self) -> None:
        pause = EMPTY_RETRY_S if self._keys is None else RETRY_S
        if self._clock() - self._asked_at < pause:
            return
        try:
            self._keys = _parse(_fetch(self._url))
            self._had_at = self._clock()
        except (OSError, ValueError):
            # The last good keys stay: an issuer that is away does not sign anybody out.
            pass
        finally:
            # Counted from the end, so that a slow failure does not make every waiting caller try again.
            self._asked_at = self._clock()


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_S) as answer:  # noqa: S310 http(s), see KeySet
        body: bytes = answer.read(LARGEST_KEY_SET + 1)
    if len(body) > LARGEST_KEY_SET:
        raise ValueError("the key set is too large")
    return body


def _parse(body: bytes) -> dict[str, _Key]:
    document = json.loads(body)
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("the key set is not one")
    pairs = [(jwk["kid"], _key(jwk)) for jwk in document["keys"] if _is_usable(jwk)]
    return {kid: key for kid, key in pairs if key is not None}


def _is_usable(jwk: object) -> bool:
    return isinstance(jwk, dict) and isinstance(jwk.get("kid"), str) and jwk.get("use", "sig") == "sig"


def _key(jwk: dict[str, Any]) -> _Key | None:
    """The key with the one algorithm that its own type allows; None for types that we do not take."""
    algorithm = {("EC", "P-256"): "ES256", ("RSA", None): "RS256"}.get((jwk.get("kty"), jwk.get("crv")))
    if algorithm is None or jwk.get("alg", algorithm) != algorithm:
        return None
    try:
        public = jwt.PyJWK.from_dict(jwk, algorithm=algorithm).key
    except jwt.PyJWTError:
        return None
    if isinstance(public, RSAPublicKey) and public.key_size < SMALLEST_RSA_BITS:
        return None
    return _Key(algorithm, public)


def _reason(error: jwt.PyJWTError) -> str:
    reasons: dict[type[jwt.PyJWTError], str] = {
        jwt.ExpiredSignatureError: "the token has expired",
        jwt.ImmatureSignatureError: "the token is not valid yet",
        jwt.InvalidIssuerError: "the token has another issuer",
        jwt.InvalidAudienceError: "the token is for another audience",
        jwt.MissingRequiredClaimError: "the token lacks a claim",
        jwt.InvalidSignatureError: "the token's signature is wrong",
    }
    return reasons.get(type(error), "the token is malformed")
