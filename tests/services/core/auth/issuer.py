"""An issuer like Supabase's on loopback: keys that rotate, tokens signed with them, and outages."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

USER = "0b5c3b52-7a3c-4c39-9d0e-8f1f4b7c2a11"
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def public_jwk(key: PrivateKey, kid: str, **more: Any) -> dict[str, Any]:
    """Return the public key as the key set holds it."""
    if isinstance(key, rsa.RSAPrivateKey):
        jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**jwk, "kid": kid, "use": "sig", **more}


class Issuer:
    """Signs tokens and serves its key set at `jwks_url`, or `answer` if that is set."""

    def __init__(self, origin: str) -> None:
        self.name = f"{origin}/auth/v1"
        self.jwks_url = f"{self.name}/.well-known/jwks.json"
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.keys = [public_jwk(self.key, "one", alg="ES256")]
        self.answer: bytes | None = None
        self.status = 200
        self.asked = 0

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good token; a change to None removes the claim."""
        now = int(time.time())
        claims = {
            "iss": self.name, "aud": "authenticated", "sub": USER, "role": "authenticated",
            "email": "u@example.com", "iat": now, "exp": now + 3600, **changes,
        }  # fmt: skip
        return {claim: value for claim, value in claims.items() if value is not None}

    def token(
        self, *, key: Any = None, kid: str | None = "one", algorithm: str = "ES256", **changes: Any
    ) -> str:
        """Return a token of this issuer."""
        headers = {} if kid is None else {"kid": kid}
        return jwt.encode(self.claims(**changes), key or self.key, algorithm=algorithm, headers=headers)


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Serve an issuer's key set until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            body = issuer.answer if issuer.answer is not None else json.dumps({"keys": issuer.keys}).encode()
            self.send_response(issuer.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            # The service closes the connection at a key set that is too large or too slow.
            with suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
