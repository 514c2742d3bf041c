"""The gateway's Lambda authorizer: allows a request if its Supabase access token is valid.

API Gateway caches the answer for 5 minutes per token, so the service verifies the token again.
"""

import logging
import sys
import time
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from services.authorizer.settings import Settings
from services.core.auth.tokens import TokenVerifier
from services.core.domain.errors import InvalidToken


def _logger() -> logging.Logger:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        JsonFormatter(
            "%(message)s", rename_fields={"message": "event"}, static_fields={"service": "authorizer"}
        )
    )
    logger = logging.getLogger("vitrine.authorizer")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)
    return logger


def _verifier(settings: Settings) -> TokenVerifier:
    return TokenVerifier(settings.issuer, legacy_secret=settings.legacy_secret())


LOG = _logger()
VERIFIER = _verifier(Settings())


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Authorize one request (payload 2.0, simple response).

    Raises KeysUnavailable, and what Secrets Manager raises for the legacy secret: the gateway answers 500 and
    does not cache it, while a refusal would stay for minutes after the other side is back.
    """
    started = time.perf_counter()
    subject, reason = None, None
    try:
        subject = VERIFIER.verify(_bearer(event.get("headers") or {})).subject
    except InvalidToken as refused:
        reason = refused.reason
    LOG.info(
        "authorize",
        extra={
            "allowed": subject is not None,
            "reason": reason,
            "request_id": (event.get("requestContext") or {}).get("requestId"),
            "duration_ms": round((time.perf_counter() - started) * 1000, 1),
        },
    )
    if subject is None:
        return {"isAuthorized": False, "context": {}}
    return {"isAuthorized": True, "context": {"subject": subject}}


def _bearer(headers: dict[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InvalidToken("the Authorization header is not a bearer token")
    return token.strip()
