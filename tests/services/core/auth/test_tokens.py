"""Access tokens: which are accepted, and why others are refused."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.core.auth.tokens import TokenVerifier
from services.core.auth.users import AllowedUsers, supabase_issuer
from services.core.domain.errors import InvalidToken, KeysUnavailable, UserNotAllowed
from tests.services.core.auth.issuer import USER, Issuer, public_jwk, running_issuer

SECRET = "a-legacy-secret-that-is-long-enough-to-be-one"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture(scope="module")
def lasting_issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture
def verifier(issuer: Issuer) -> TokenVerifier:
    return TokenVerifier(issuer.name)


def encoded(part: dict[str, Any] | bytes) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def refused(verifier: TokenVerifier, token: str) -> str:
    with pytest.raises(InvalidToken) as caught:
        verifier.verify(token)
    return str(caught.value)


def test_valid_token_names_its_user(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert verifier.verify(issuer.token()) == USER


@pytest.mark.parametrize("url", ["https://project.supabase.co", "https://project.supabase.co/"])
def test_project_url_names_the_issuer(url: str) -> None:
    assert supabase_issuer(url) == "https://project.supabase.co/auth/v1"


def test_rs256_key_is_accepted(verifier: TokenVerifier, issuer: Issuer) -> None:
    issuer.keys.append(public_jwk(RSA_KEY, "two"))
    token = issuer.token(key=RSA_KEY, kid="two", algorithm="RS256")
    assert verifier.verify(token) == USER


def test_audience_among_several_is_accepted(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert verifier.verify(issuer.token(aud=["authenticated", "other"]))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": int(time.time()) - 120}, "expired"),
        ({"iss": "https://other.example.com/auth/v1"}, "another issuer"),
        ({"aud": "anon"}, "another audience"),
        ({"aud": ["anon", "other"]}, "another audience"),
        ({"aud": []}, "lacks a claim: aud"),
        ({"aud": {"authenticated": True}}, "another audience"),
        ({"iat": int(time.time()) + 86_400}, "not valid yet"),
        ({"nbf": int(time.time()) + 86_400}, "not valid yet"),
        ({"exp": None}, "lacks a claim"),
        ({"iat": None}, "lacks a claim"),
        ({"iss": None}, "lacks a claim"),
        ({"aud": None}, "lacks a claim"),
        ({"sub": None}, "lacks a claim: sub"),
        ({"sub": ""}, "not the id"),
        ({"sub": "  "}, "not the id"),
        ({"sub": 7}, "not the id"),
        ({"sub": "auth0|1234"}, "not the id"),
        ({"sub": USER.upper()}, "not the id"),
        ({"sub": f"{{{USER}}}"}, "not the id"),
        ({"sub": USER.replace("-", "")}, "not the id"),
        ({"exp": float("inf")}, "malformed"),
        ({"exp": "tomorrow"}, "malformed"),
        ({"iat": "tomorrow"}, "malformed"),
    ],
)
def test_wrong_claim_is_refused(
    verifier: TokenVerifier, issuer: Issuer, changes: dict[str, Any], reason: str
) -> None:
    assert reason in refused(verifier, issuer.token(**changes))


@pytest.mark.parametrize(
    ("claim", "offset", "accepted"),
    [
        ("iat", 55, True),
        ("iat", 90, False),
        ("nbf", 55, True),
        ("nbf", 90, False),
        ("exp", -1, True),
        ("exp", -40, True),
        ("exp", -61, False),
    ],
)
def test_clocks_differ_by_a_minute(
    verifier: TokenVerifier, issuer: Issuer, claim: str, offset: int, accepted: bool
) -> None:
    changes: dict[str, Any] = {claim: int(time.time()) + offset}
    token = issuer.token(**changes)
    if accepted:
        assert verifier.verify(token) == USER
    else:
        assert "over 60 s ahead" in (reason := refused(verifier, token)) or "expired" in reason


@pytest.mark.parametrize(
    "changes",
    [
        {"is_anonymous": True},
        {"is_anonymous": "true"},
        {"is_anonymous": 1},
        {"role": "anon"},
        {"role": "service_role"},
        {"role": "moderator"},
        {"role": ""},
        {"role": None},
        {"role": 0},
    ],
)
def test_other_users_are_refused(verifier: TokenVerifier, issuer: Issuer, changes: dict[str, Any]) -> None:
    with pytest.raises(UserNotAllowed, match="may not call this API"):
        verifier.verify(issuer.token(**changes))


@pytest.mark.parametrize(
    ("allowed", "changes"),
    [
        (AllowedUsers(anonymous=True), {"is_anonymous": True}),
        (AllowedUsers(roles=frozenset({"authenticated", "moderator"})), {"role": "moderator"}),
        (AllowedUsers(), {"is_anonymous": False}),
    ],
)
def test_settings_allow_other_users(issuer: Issuer, allowed: AllowedUsers, changes: dict[str, Any]) -> None:
    assert TokenVerifier(issuer.name, None, allowed).verify(issuer.token(**changes)) == USER


def test_long_token_names_the_limit(verifier: TokenVerifier, issuer: Issuer) -> None:
    token = issuer.token(user_metadata={"about": "x" * 8000})
    assert "it may have 8,192 characters, since the gateway takes 10 KB" in refused(verifier, token)


def test_unsigned_token_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    token = f"{encoded({'alg': 'none', 'typ': 'JWT', 'kid': 'one'})}.{encoded(issuer.claims())}."
    assert "algorithm is not accepted" in refused(verifier, token)


@pytest.mark.parametrize("legacy", [None, SECRET])
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_hs256_by_public_key_is_refused(issuer: Issuer, legacy: str | None, encoding: Encoding) -> None:
    verifier = TokenVerifier(issuer.name, legacy_secret=legacy)
    public = issuer.key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'one'})}.{encoded(issuer.claims())}"
    signature = hmac.new(public, signed.encode(), hashlib.sha256).digest()
    assert refused(verifier, f"{signed}.{encoded(signature)}")


def test_hs256_needs_a_legacy_secret(verifier: TokenVerifier, issuer: Issuer) -> None:
    token = issuer.token(key=SECRET, kid=None, algorithm="HS256")
    assert "algorithm is not accepted" in refused(verifier, token)


def test_hs256_needs_no_key_set(issuer: Issuer) -> None:
    verifier = TokenVerifier(issuer.name, legacy_secret=SECRET)
    assert verifier.verify(issuer.token(key=SECRET, kid=None, algorithm="HS256")) == USER
    assert issuer.asked == 0


def test_legacy_tokens_claims_are_checked(issuer: Issuer) -> None:
    verifier = TokenVerifier(issuer.name, legacy_secret=SECRET)
    token = issuer.token(key=SECRET, algorithm="HS256", exp=int(time.time()) - 120)
    assert "expired" in refused(verifier, token)


def test_short_secret_stops_start() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        TokenVerifier("https://a.example.com", legacy_secret="short")


def test_key_decides_the_algorithm(verifier: TokenVerifier, issuer: Issuer) -> None:
    token = issuer.token(key=RSA_KEY, kid="one", algorithm="RS256")
    assert "not its key's" in refused(verifier, token)


@pytest.mark.parametrize("algorithm", ["RS512", "PS256", "ES384", "EdDSA"])
def test_other_algorithms_are_refused(verifier: TokenVerifier, issuer: Issuer, algorithm: str) -> None:
    keys = {"ES384": ec.generate_private_key(ec.SECP384R1()), "EdDSA": ed25519.Ed25519PrivateKey.generate()}
    key = keys.get(algorithm, RSA_KEY)
    assert "algorithm is not accepted" in refused(verifier, issuer.token(key=key, algorithm=algorithm))


def test_token_of_another_key_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert "signature is wrong" in refused(verifier, issuer.token(key=stranger))


def test_token_without_key_id_is_refused(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert "which key" in refused(verifier, issuer.token(kid=None))


def test_embedded_key_is_not_trusted(verifier: TokenVerifier, issuer: Issuer) -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    headers = {"kid": "mine", "jwk": public_jwk(stranger, "mine"), "jku": "https://evil.example.com"}
    token = jwt.encode(issuer.claims(), stranger, algorithm="ES256", headers=headers)
    assert "key is not known" in refused(verifier, token)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "é.é.é",
        "a" * 8193,
        f"{encoded(b'[' * 3000)}.e30.",
        f"{encoded({'alg': ['ES256']})}.e30.",
        f"{encoded({'alg': 'ES256', 'kid': {}})}.e30.",
        f"{encoded(b'null')}.e30.x",
    ],
)
def test_malformed_token_is_refused(verifier: TokenVerifier, token: str) -> None:
    reason = refused(verifier, token)
    assert not token or token not in reason


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("sb_publishable_abc", "an API key of the project"),
        ("sb_secret_abc", "an API key of the project"),
        ("a.b.c.d.e", "encrypted"),
        ("a.b", "this has 2"),
    ],
)
def test_other_credentials_are_named(verifier: TokenVerifier, token: str, reason: str) -> None:
    assert reason in refused(verifier, token)


def test_without_keys_no_token_is_judged(issuer: Issuer) -> None:
    issuer.status = 503
    verifier = TokenVerifier(issuer.name)
    with pytest.raises(KeysUnavailable):
        verifier.verify(issuer.token())
    with pytest.raises(KeysUnavailable):
        verifier.check()


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_refused(lasting_issuer: Issuer, text: str) -> None:
    verifier = TokenVerifier(lasting_issuer.name, legacy_secret=SECRET)
    assert refused(verifier, text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    header=st.fixed_dictionaries(
        {"alg": st.sampled_from(["ES256", "RS256", "HS256", "none", "None", "es256"]) | json_values},
        optional={"kid": st.just("one") | json_values, "typ": json_values, "crit": json_values},
    ),
    signature=st.binary(max_size=80),
)
def test_headers_cannot_replace_a_signature(
    lasting_issuer: Issuer, header: dict[str, Any], signature: bytes
) -> None:
    verifier = TokenVerifier(lasting_issuer.name, legacy_secret=SECRET)
    token = f"{encoded(header)}.{encoded(lasting_issuer.claims())}.{encoded(signature)}"
    assert refused(verifier, token)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_changed_byte_is_refused(lasting_issuer: Issuer, place: int, flip: int) -> None:
    verifier = TokenVerifier(lasting_issuer.name)
    head, body, tail = lasting_issuer.token().split(".")
    raw = bytearray(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    raw[place % len(raw)] ^= flip
    assert refused(verifier, f"{head}.{encoded(bytes(raw))}.{tail}")
