"""Identifies callers by their Supabase access tokens: one check, for the gateway and for the service."""

from typing import Any

import jwt

from services.core.auth.jwks import KeySet
from services.core.domain.errors import InvalidToken
from services.core.secrets import Secret

AUDIENCE = "authenticated"
LEEWAY_S = 10
LONGEST_TOKEN = 8192
SHORTEST_SECRET = 32
# PyJWT's own errors, and those of its JSON parser for odd numbers and deep nesting.
BROKEN = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)


def supabase_issuer(url: str, named: str = "") -> str:
    """Return the issuer that tokens of the Supabase project at `url` name.

    That is `named` for a project that has its own domain.
    """
    return named.rstrip("/") or f"{url.rstrip('/')}/auth/v1"


def legacy_key(secret: str) -> str:
    """Return a project's legacy HS256 secret if it is long enough to be one; else raises ValueError."""
    if len(secret.encode()) < SHORTEST_SECRET:
        raise ValueError(f"the legacy secret has at least {SHORTEST_SECRET} bytes")
    return secret


class TokenVerifier:
    """Checks access tokens of one issuer, by the keys that it publishes. Safe to share between threads.

    With a `legacy_secret` it also accepts HS256, for projects that still sign with a shared secret.
    Raises ValueError for a secret that is too short, or a URL that is not http(s).
    """

    def __init__(self, issuer: str, legacy_secret: str | Secret[str] | None = None) -> None:
        self._issuer = issuer
        if isinstance(legacy_secret, str):
            legacy_secret = Secret.fixed(legacy_key(legacy_secret))
        self._legacy = legacy_secret
        self._keys = KeySet(f"{issuer}/.well-known/jwks.json")

    def verify(self, token: str) -> str:
        """Return the Supabase user's id that the token names; may wait up to 3 s for the issuer's keys.

        Raises InvalidToken, KeysUnavailable, or what reading the legacy secret raises.
        """
        if len(token) > LONGEST_TOKEN:
            raise InvalidToken("the token is too long")
        if not token.isascii():
            raise InvalidToken("the token is malformed")
        algorithm, key = self._key_of(token)
        try:
            try:
                claims = self._claims(token, algorithm, key)
            except jwt.InvalidSignatureError:
                if self._legacy is None or algorithm != "HS256":
                    raise
                claims = self._claims(token, algorithm, self._legacy.renewed(key))
        except BROKEN as error:
            raise InvalidToken(_reason(error)) from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject.strip():
            raise InvalidToken("the token names no subject")
        return subject

    def check(self) -> None:
        """Raise KeysUnavailable unless there are keys, fetching them if there are none yet."""
        self._keys.ensure()

    def _claims(self, token: str, algorithm: str, key: Any) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=AUDIENCE,
            issuer=self._issuer,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        return claims

    def _key_of(self, token: str) -> tuple[str, Any]:
        """Return the one algorithm and key that may verify this token; the key decides, not the header."""
        try:
            header = jwt.get_unverified_header(token)
        except BROKEN:
            raise InvalidToken("the token is malformed") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm == "HS256" and self._legacy is not None:
            return "HS256", self._legacy.value()
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


def _reason(error: Exception) -> str:
    reasons: dict[type[Exception], str] = {
        jwt.ExpiredSignatureError: "the token has expired",
        jwt.ImmatureSignatureError: "the token is not valid yet",
        jwt.InvalidIssuerError: "the token has another issuer",
        jwt.InvalidAudienceError: "the token is for another audience",
        jwt.MissingRequiredClaimError: "the token lacks a claim",
        jwt.InvalidSignatureError: "the token's signature is wrong",
    }
    return reasons.get(type(error), "the token is malformed")
