"""The keys that events are signed with, by the secret's name in Secrets Manager."""

import threading
from typing import TYPE_CHECKING

from services.core.auth.signing import SigningKeys

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient


class SigningSecret:
    """Read when first needed, and again when a receiver refuses what it signed. Every call blocks.

    Both raise SigningKeysInvalid for a secret that is none, and what boto3 raises for one that cannot be had.
    """

    def __init__(self, secrets: "SecretsManagerClient", name: str) -> None:
        self._secrets = secrets
        self._name = name
        self._lock = threading.Lock()
        self._keys: SigningKeys | None = None

    def keys(self) -> SigningKeys:
        """Return the keys as they were last read."""
        with self._lock:
            if self._keys is None:
                self._keys = self._read()
            return self._keys

    def renewed(self, refused: SigningKeys) -> SigningKeys:
        """Return the keys as they are now; one of those who were refused at once reads for all."""
        with self._lock:
            if self._keys is refused:
                self._keys = self._read()
            return self._keys or refused

    def _read(self) -> SigningKeys:
        answer = self._secrets.get_secret_value(SecretId=self._name)
        return SigningKeys.parse(answer.get("SecretString", ""), self._name)
