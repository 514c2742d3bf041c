"""The demo users: every name at one domain, with one password.

The issuer listens on loopback, and only the local system trusts its tokens.
"""

DOMAIN = "vitrine.test"
PASSWORD = "demo-password"  # noqa: S105
# The user of `make demo`, and of the sign-in that the page offers.
USER = "demo"


def email(user: str) -> str:
    """Return the address that a demo user signs in with."""
    return f"{user}@{DOMAIN}"
