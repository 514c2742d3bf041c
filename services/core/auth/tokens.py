"""Who sent a request: verifies Supabase access tokens. One check, for the gateway and for the app."""

from dataclasses import dataclass
from typing import Any

import jwt

from services.core.auth.jwks import KeySet
from services.core.domain.errors import InvalidToken

LEEWAY_S = 10
LONGEST_TOKEN = 8192
SHORTEST_SECRET = 32
# Beside PyJWT's own errors, what odd numbers and deep nesting in a token make of the JSON parser.
BROKEN = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Identity:
    """The caller: `subject` is the Supabase user's id."""

    subject: str


def supabase_issuer(url: str, named: str = "") -> str:
    """Return who issues the tokens of the Supabase project at `url`, as they name it.

    That is `named` for a project that goes by a domain of its own.
    """
    return named.rstrip("/") or f"{url.rstrip('/')}/auth/v1"


class TokenVerifier:
    """Checks access tokens of one issuer, by the keys that it publishes. Safe to share between threads.

    `legacy_secret` also lets HS256 in, for projects that still sign with their shared secret.
    Raises ValueError when the secret is too short to be one, or the URL is not http(s).
    """

    def __init__(
        self, issuer: str, audience: str = "authenticated", legacy_secret: str | None = None
    ) -> None:
        if legacy_secret is not None and len(legacy_secret.encode()) < SHORTEST_SECRET:
            raise ValueError(f"the legacy secret has at least {SHORTEST_SECRET} bytes")
        self._issuer = issuer
        self._audience = audience
        self._legacy_secret = legacy_secret
        self._keys = KeySet(f"{issuer}/.well-known/jwks.json")

    def verify(self, token: str) -> Identity:
        """Return whose token this is; may wait up to 3 s for the issuer's keys.

        Raises InvalidToken, or KeysUnavailable.
        """
        if len(token) > LONGEST_TOKEN:
            raise InvalidToken("the token is too long")
        if not token.isascii():
            raise InvalidToken("the token is malformed")
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
        except BROKEN as error:
            raise InvalidToken(_reason(error)) from None
        subject = claims["sub"]
        if not isinstance(subject, str) or not subject.strip():
            raise InvalidToken("the token names no subject")
        return Identity(subject)

    def check(self) -> None:
        """Raise KeysUnavailable unless keys are at hand, fetching them where there are none yet."""
        self._keys.ensure()

    def _key_of(self, token: str) -> tuple[str, Any]:
        """The one algorithm and key that may verify this token: the key decides, the token only claims."""
        try:
            header = jwt.get_unverified_header(token)
        except BROKEN:
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
