"""What the authorizer is told by its environment."""

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once at start; a wrong value stops the function and names the variable.

    The legacy secret comes by value on one machine, and by its name in Secrets Manager in AWS.
    """

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    supabase_url: str
    supabase_legacy_secret: SecretStr | None = None
    supabase_legacy_secret_name: str | None = None

    @field_validator("supabase_url")
    @classmethod
    def _http(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("SUPABASE_URL is an http(s) URL")
        return value.rstrip("/")

    @property
    def issuer(self) -> str:
        """Who signs: Supabase's auth server of the project."""
        return f"{self.supabase_url}/auth/v1"

    def legacy_secret(self) -> str | None:
        """Return the HS256 secret, or None without one; asks Secrets Manager where it is named."""
        if self.supabase_legacy_secret is not None:
            return self.supabase_legacy_secret.get_secret_value()
        if self.supabase_legacy_secret_name is None:
            return None
        import boto3  # part of Lambda's runtime; most projects never need it

        secret = boto3.client("secretsmanager").get_secret_value(SecretId=self.supabase_legacy_secret_name)
        return str(secret["SecretString"])
