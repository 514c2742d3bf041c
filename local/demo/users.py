"""The demo users: their tokens, as a front end gets them from Supabase Auth."""

from typing import Any

import jwt

from cli.errors import UserError
from client import api
from client.api import Refused, Unreachable
from local.fakes.identity import DOMAIN, PASSWORD

USER, OTHER_USER = "demo", "other"


def sign_in(supabase_url: str, publishable_key: str, user: str) -> str:
    """Return an access token of a demo user; raise UserError for an invalid name and without an issuer."""
    try:
        return api.sign_in(supabase_url, publishable_key, email(user), PASSWORD)
    except Unreachable as error:
        raise UserError(
            f"The identity issuer at {supabase_url} does not answer ({error.reason}).",
            hint="Run `python -m local up`.",
        ) from error
    except Refused as error:
        raise UserError(
            f"The identity issuer refuses user {user!r}: {error.detail}.",
            hint="A user's name has 1 to 64 letters, digits, dots, dashes and underscores.",
        ) from error


def email(user: str) -> str:
    """Return the address that a demo user signs in with."""
    return f"{user}@{DOMAIN}"


def user_id(token: str) -> str:
    """Return the user id in a token, without verifying the token: the API does."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return str(claims["sub"])
