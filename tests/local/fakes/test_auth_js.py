"""Supabase's own client for browsers, under Node, against the issuer."""

from pathlib import Path

from tests.local.fakes.conftest import said_by_node
from web.build import FOLDER, install


def test_supabases_client_signs_in_and_out(issuer: str) -> None:
    install(dev=True)
    script = Path(__file__).with_name("auth_js.mjs").read_text("utf-8")
    # Node looks for packages in the folder.
    said = said_by_node(f"{issuer}/auth/v1", "--input-type=module", "--eval", script, folder=FOLDER)
    assert said == {
        "wrongPassword": "invalid_credentials",
        "signIn": None,
        "email": "demo@vitrine.test",
        "claims": "demo@vitrine.test",
        "refresh": [None, None],
        "rotated": 3,
        "sameUser": True,
        "reuse": "refresh_token_already_used",
        "afterReuse": "refresh_token_not_found",
        "userOfEnded": "AuthSessionMissingError",
        "signOut": None,
        "session": None,
        "afterSignOut": "refresh_token_not_found",
    }
