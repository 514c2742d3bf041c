"""The gateway's Lambda authorizer: allows a request if its Supabase access token is valid.

API Gateway caches the answer for 5 minutes per token, so the service verifies the token again.
"""

import logging
import time
from typing import Any

from services.core.auth.bearer import bearer_token
from services.core.auth.tokens import TokenVerifier, legacy_key
from services.core.auth.users import SupabaseSettings
from services.core.domain.errors import InvalidToken, UserNotAllowed
from services.core.secrets import Name, Secret
from services.core.telemetry import configure_logging, elapsed_ms, user_hash
from services.core.trace import HEADER, Span, parse


class AuthorizerSettings(SupabaseSettings):
    """The legacy secret is given by value on one machine, and by its name in Secrets Manager in AWS."""

    supabase_legacy_secret_name: Name | None = None

    def legacy_secret(self) -> Secret[str] | None:
        """Return the HS256 secret, or None if there is none; a short one by value raises ValueError."""
        if self.supabase_legacy_secret is not None:
            return Secret.fixed(legacy_key(self.supabase_legacy_secret.get_secret_value()))
        name = self.supabase_legacy_secret_name
        return None if name is None else Secret(lambda: _read(name))


def _read(name: str) -> str:
    # boto3 takes most of a second to import, and only a token signed with the legacy secret needs it.
    from services.core.aws import AUTHORIZER, AwsClients

    secrets = AwsClients(None, AUTHORIZER).secrets_manager()
    return legacy_key(secrets.get_secret_value(SecretId=name)["SecretString"])


configure_logging("authorizer")
logger = logging.getLogger(__name__)
SETTINGS = AuthorizerSettings()
VERIFIER = TokenVerifier(SETTINGS.issuer, SETTINGS.legacy_secret(), SETTINGS.allowed_users)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Authorize one request (payload 2.0, simple response).

    Raises KeysUnavailable, and what Secrets Manager raises for the legacy secret: the gateway answers 500 and
    does not cache it, while a refusal would stay for minutes after the other side is back.
    """
    started = time.perf_counter()
    subject, reason = None, None
    headers = event.get("headers") or {}
    try:
        subject = VERIFIER.verify(bearer_token(headers.get("authorization", "")))
    except (InvalidToken, UserNotAllowed) as refused:
        reason = str(refused)
    told = {
        "outcome": "refused" if subject is None else "allowed",
        "reason": reason,
        "request": (event.get("requestContext") or {}).get("requestId"),
        "user": None if subject is None else user_hash(subject),
        "duration_ms": elapsed_ms(started),
    }
    # Without a valid one the service begins the trace, and the request's id joins this line to it.
    if (caller := headers.get(HEADER)) and parse(caller) is not None:
        told |= Span.continuing(caller).log_fields
    logger.info("authorize", extra=told)
    if subject is None:
        return {"isAuthorized": False, "context": {}}
    return {"isAuthorized": True, "context": {"subject": subject}}
