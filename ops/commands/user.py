"""Whom the smoke test posts its photo as: named in variables, so that no password is in a command line."""

import os
from collections.abc import Mapping

from cli.errors import UserError
from client import api
from client.errors import CallError

TOKEN, EMAIL, PASSWORD = "VITRINE_SMOKE_TOKEN", "SUPABASE_SMOKE_EMAIL", "SUPABASE_SMOKE_PASSWORD"


def is_named() -> bool:
    """Say whether there is a user to try a photo as."""
    return bool(os.environ.get(TOKEN) or (os.environ.get(EMAIL) and os.environ.get(PASSWORD)))


def access_token(outputs: Mapping[str, str]) -> str | None:
    """Return the user's access token, or None where no user is named."""
    if token := os.environ.get(TOKEN):
        return token
    email, password = os.environ.get(EMAIL), os.environ.get(PASSWORD)
    if not email or not password:
        return None
    try:
        return api.sign_in(outputs["SupabaseUrl"], outputs["SupabasePublishableKey"], email, password)
    except CallError as error:
        raise UserError(
            f"The user of {EMAIL} is not signed in: {error}.",
            hint="The user must be of the Supabase project in the settings, and confirmed.",
        ) from error
