"""Identifies callers by their Supabase access tokens: one check, for the gateway and for the service."""

from typing import Any

import jwt
from jwt.exceptions import InvalidSubjectError

from services.core.auth.jwks import KeySet
from services.core.auth.users import SIGNED_IN, AllowedUsers
from services.core.domain.errors import InvalidToken
from services.core.secrets import Secret

AUDIENCE = SIGNED_IN
# How far the clocks of the issuer and of this machine may differ: RFC 7519 allows "a few minutes" for `exp`
# and `nbf`, and a fresh token's `iat` needs the same.
LEEWAY_S = 60
# API Gateway takes 10,240 bytes of headers in all.
LONGEST_TOKEN = 8192
SHORTEST_SECRET = 32
# PyJWT's own errors, and those of its JSON parser for odd numbers and deep nesting.
BROKEN = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError)


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

    def __init__(
        self,
        issuer: str,
        legacy_secret: str | Secret[str] | None = None,
        allowed: AllowedUsers = AllowedUsers(),  # noqa: B008 frozen
    ) -> None:
        self._issuer = issuer
        self._allowed = allowed
        if isinstance(legacy_secret, str):
            legacy_secret = Secret.fixed(legacy_key(legacy_secret))
        self._legacy = legacy_secret
        self._keys = KeySet(f"{issuer}/.well-known/jwks.json")

    def verify(self, token: str) -> str:
        """Return the Supabase user's id that the token names; may wait up to 3 s for the issuer's keys.

        Raises InvalidToken, UserNotAllowed, KeysUnavailable, or what reading the legacy secret raises.
        """
        _check_form(token)
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
        return self._allowed.user_of(claims)

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
            raise InvalidToken("the token's header is malformed") from None
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm == "HS256" and self._legacy is not None:
            return "HS256", self._legacy.value()
        if algorithm not in ("ES256", "RS256"):
            also = " or, with its secret, HS256" if self._legacy is not None else ""
            raise InvalidToken(f"the token's algorithm is not accepted; it is ES256 or RS256{also}")
        if not isinstance(kid, str):
            raise InvalidToken("the token does not say which key signed it")
        key = self._keys.get(kid)
        if key is None:
            raise InvalidToken("the token's key is not known: it is not among the issuer's keys")
        if key.algorithm != algorithm:
            raise InvalidToken("the token's algorithm is not its key's")
        return key.algorithm, key.public


def _check_form(token: str) -> None:
    if len(token) > LONGEST_TOKEN:
        raise InvalidToken(
            f"the token is too long: it may have {LONGEST_TOKEN:,} characters, since the gateway takes 10 KB "
            "of headers in all; put fewer claims into it (app_metadata, user_metadata, an access token hook)"
        )
    if not token.isascii():
        raise InvalidToken("the token is malformed: it is not ASCII text")
    if token.startswith(("sb_publishable_", "sb_secret_")):
        raise InvalidToken("this is an API key of the project; send the access token of a signed-in user")
    parts = token.count(".") + 1
    if parts == 5:
        raise InvalidToken("the token is encrypted (a JWE); send the signed one of Supabase")
    if parts != 3:
        raise InvalidToken(f"the token is malformed: it is no JWT, whose parts are three; this has {parts}")


def _reason(error: Exception) -> str:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"the token lacks a claim: {error.claim}"
    reasons: dict[type[Exception], str] = {
        jwt.ExpiredSignatureError: "the token has expired; refresh the session",
        jwt.ImmatureSignatureError: f"the token is not valid yet: its iat or nbf is over {LEEWAY_S} s ahead",
        jwt.InvalidIssuerError: "the token has another issuer: is it of another Supabase project?",
        jwt.InvalidAudienceError: f"the token is for another audience than {AUDIENCE}",
        InvalidSubjectError: "the token's subject is not the id (a UUID) of a Supabase user",
        jwt.InvalidSignatureError: "the token's signature is wrong",
    }
    return reasons.get(type(error), "the token is malformed")
