"""Which Supabase project's users may call, and which of them: the settings of the gateway and the service."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import Field, HttpUrl, SecretStr

from services.core.domain.errors import InvalidToken, UserNotAllowed
from services.core.secrets import ServiceSettings

SIGNED_IN = "authenticated"


@dataclass(frozen=True)
class AllowedUsers:
    """The roles that may call, and whether users of an anonymous sign-in may."""

    roles: frozenset[str] = frozenset({SIGNED_IN})
    anonymous: bool = False

    def user_of(self, claims: dict[str, Any]) -> str:
        """Return the user's id from the claims of a valid token.

        Raises UserNotAllowed for a user who may not call, and InvalidToken for a subject that is no user of
        Supabase. Neither quotes a claim.
        """
        if claims.get("role") not in self.roles:
            allowed = ", ".join(sorted(self.roles))
            raise UserNotAllowed(f"the token's role may not call this API; the roles that may: {allowed}")
        # Only false says that the user is not anonymous: any other value is not trusted.
        if not self.anonymous and claims.get("is_anonymous", False) is not False:
            raise UserNotAllowed("anonymous users may not call this API; sign up, or link an identity")
        subject = claims["sub"]
        if not isinstance(subject, str) or not _is_user_id(subject):
            raise InvalidToken("the token's subject is not the id (a UUID) of a Supabase user")
        return subject


def _is_user_id(subject: str) -> bool:
    # In Supabase's spelling only: a second spelling would be a second owner of reports.
    try:
        return str(UUID(subject)) == subject
    except ValueError:
        return False


class SupabaseSettings(ServiceSettings):
    """The Supabase project that issues the tokens, and which of its users may call."""

    supabase_url: HttpUrl
    supabase_issuer: HttpUrl | None = None
    supabase_legacy_secret: SecretStr | None = None
    supabase_roles: frozenset[str] = Field(default=frozenset({SIGNED_IN}), min_length=1)
    supabase_allow_anonymous: bool = False

    @property
    def issuer(self) -> str:
        """The issuer of the tokens: the project's auth server, by the project's own domain if it has one."""
        return supabase_issuer(str(self.supabase_url), str(self.supabase_issuer or ""))

    @property
    def allowed_users(self) -> AllowedUsers:
        """The users that may call."""
        return AllowedUsers(self.supabase_roles, self.supabase_allow_anonymous)


def supabase_issuer(url: str, named: str = "") -> str:
    """Return the issuer that tokens of the Supabase project at `url` name.

    That is `named` for a project that has its own domain.
    """
    return named.rstrip("/") or f"{url.rstrip('/')}/auth/v1"
