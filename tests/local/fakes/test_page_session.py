"""The page's own session, under Node, against the issuer that test_auth_js.py holds to Supabase's client."""

from pathlib import Path

from local.home import REPOSITORY
from tests.local.fakes.conftest import said_by_node

SESSION = REPOSITORY / "web" / "src" / "auth" / "session.ts"


def test_page_signs_in_renews_and_out(issuer: str) -> None:
    script = str(Path(__file__).with_name("page_session.mjs"))
    said = said_by_node(issuer, script, folder=REPOSITORY, SESSION=str(SESSION))
    assert said == {
        "wrongPassword": "invalid_credentials",
        "email": "demo@vitrine.test",
        "tokens": 3,
        "reused": "expired",
        "owner": "expired",
        "goesOn": True,
        "afterSignOut": "expired",
    }
