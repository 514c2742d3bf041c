"""What the authorizer is told by its environment."""

from pydantic import HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.core.auth.tokens import supabase_issuer


class Settings(BaseSettings):
    """Read once at start; a wrong value stops the function and names the variable.

    The legacy secret comes by value on one machine, and by its name in Secrets Manager in AWS.
    """

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    supabase_url: HttpUrl
    supabase_issuer: HttpUrl | None = None
    supabase_legacy_secret: SecretStr | None = None
    supabase_legacy_secret_name: str | None = None

    @property
    def issuer(self) -> str:
        """Who signs: Supabase's auth server of the project, under the domain that it goes by."""
        return supabase_issuer(str(self.supabase_url), str(self.supabase_issuer or ""))

    def legacy_secret(self) -> str | None:
        """Return the HS256 secret, or None without one; asks Secrets Manager where it is named."""
        if self.supabase_legacy_secret is not None:
            return self.supabase_legacy_secret.get_secret_value()
        if self.supabase_legacy_secret_name is None:
            return None
        import boto3  # part of Lambda's runtime; most projects never need it

        secret = boto3.client("secretsmanager").get_secret_value(SecretId=self.supabase_legacy_secret_name)
        return str(secret["SecretString"])
