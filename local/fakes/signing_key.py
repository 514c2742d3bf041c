"""The issuer's ES256 key: made once, kept in a file, known by an id that follows from it."""

import hashlib
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)


def load_or_create(path: Path) -> EllipticCurvePrivateKey:
    """Return the key in a PEM file; make both where there is none. Exit when the file holds another thing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = generate_private_key(SECP256R1())
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        return made
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SystemExit(
            f"{path} holds no P-256 private key. Delete it: a new one is made at the next start."
        )
    return key


def key_id(key: EllipticCurvePrivateKey) -> str:
    """Return the same id for the same key, another for another."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()[:32]
