"""The signing key and the access tokens of the issuer, in the form of Supabase's (ES256)."""

import hashlib
import time
import uuid
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from jwt.algorithms import ECAlgorithm

from local.fakes.identity.sessions import Session

LIFETIME_S = 3600
AUDIENCE = "authenticated"
_METADATA: dict[str, Any] = {
    "app_metadata": {"provider": "email", "providers": ["email"]},
    "user_metadata": {"email_verified": True},
}
# Every demo user exists before it signs in first.
_CREATED = "2026-01-01T00:00:00Z"


class Signer:
    """Signs the tokens of an issuer, and reads them."""

    def __init__(self, key: EllipticCurvePrivateKey, issuer: str) -> None:
        self._key = key
        self._kid = key_id(key)
        self._issuer = issuer

    def jwks(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set."""
        public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self._kid, "alg": "ES256", "use": "sig", "key_ops": ["verify"]}]}

    def grant(self, session: Session) -> dict[str, Any]:
        """Return what a client gets that has signed in or refreshed: both tokens and the user."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "sub": user_id(session.email),
            "aud": AUDIENCE,
            "role": AUDIENCE,
            "email": session.email,
            "phone": "",
            "is_anonymous": False,
            "iat": now,
            "exp": now + LIFETIME_S,
            "aal": "aal1",
            "amr": [{"method": "password", "timestamp": now}],
            "session_id": session.id,
            **_METADATA,
        }
        return {
            "access_token": jwt.encode(claims, self._key, "ES256", headers={"kid": self._kid}),
            "token_type": "bearer",
            "expires_in": LIFETIME_S,
            "expires_at": now + LIFETIME_S,
            "refresh_token": session.refresh_token,
            "user": user(session.email),
        }

    def session_id(self, access_token: str) -> str:
        """Return the id of a token's session, "" if it names none. Raises jwt.InvalidTokenError."""
        claims = jwt.decode(
            access_token, self._key.public_key(), ["ES256"], audience=AUDIENCE, issuer=self._issuer
        )
        return str(claims.get("session_id", ""))


def user_id(email: str) -> str:
    """Return a user's id, derived from the address: the same after a restart, and on another machine."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{email}"))


def user(email: str) -> dict[str, Any]:
    """Return a user as Supabase describes it."""
    return {
        "id": user_id(email),
        "aud": AUDIENCE,
        "role": AUDIENCE,
        "email": email,
        "phone": "",
        "is_anonymous": False,
        "identities": [],
        **_METADATA,
        **dict.fromkeys(("created_at", "updated_at", "confirmed_at", "email_confirmed_at"), _CREATED),
    }


def load_or_create_key(path: Path) -> EllipticCurvePrivateKey:
    """Return the P-256 key in a PEM file, created when missing; exit when the file has other content."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        created = generate_private_key(SECP256R1())
        form = serialization.PrivateFormat.PKCS8
        path.touch(0o600, exist_ok=False)
        path.write_bytes(
            created.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        )
        return created
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SystemExit(f"{path} holds no P-256 private key. Delete it: the next start creates a new one.")
    return key


def key_id(key: EllipticCurvePrivateKey) -> str:
    """Return an id derived from the public key."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.DER, form)
    return hashlib.sha256(public).hexdigest()[:32]
