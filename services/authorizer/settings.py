"""The authorizer's settings."""

from pydantic import HttpUrl, SecretStr

from services.core.auth.tokens import legacy_key, supabase_issuer
from services.core.secrets import Secret
from services.core.settings import Name, ServiceSettings


class Settings(ServiceSettings):
    """The legacy secret is given by value on one machine, and by its name in Secrets Manager in AWS."""

    supabase_url: HttpUrl
    supabase_issuer: HttpUrl | None = None
    supabase_legacy_secret: SecretStr | None = None
    supabase_legacy_secret_name: Name | None = None

    @property
    def issuer(self) -> str:
        """The issuer of the tokens: the project's auth server, by the project's own domain if it has one."""
        return supabase_issuer(str(self.supabase_url), str(self.supabase_issuer or ""))

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
