"""The keys that webhooks are signed with, by their secret's name in Secrets Manager."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from services.core.auth.signing import SigningKeys
from services.core.domain.errors import SignatureInvalid, SigningKeysInvalid

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

REREAD_AFTER_S = 60.0
logger = logging.getLogger(__name__)


class HookKeys:
    """Read when first needed, and again when nothing we know has signed a webhook: keys may have changed.

    That happens at most once in REREAD_AFTER_S, whatever strangers send. Safe to share between threads.
    """

    def __init__(
        self, secrets: "SecretsManagerClient", name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._secrets = secrets
        self._name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: SigningKeys | None = None
        self._read_at = 0.0

    def verify(self, body: bytes, headers: Mapping[str, str]) -> str:
        """Return the id of a webhook that one of the keys has signed within 5 minutes of now. Blocks.

        Raises SignatureInvalid; for want of any keys SigningKeysInvalid, or what boto3 raises.
        """
        keys = self._current()
        try:
            return keys.verify(body, headers)
        except SignatureInvalid:
            newer = self._reread(keys)
            if newer == keys:
                raise
        return newer.verify(body, headers)

    def _current(self) -> SigningKeys:
        with self._lock:
            if self._keys is None:
                self._keys = self._read()
            return self._keys

    def _reread(self, refused: SigningKeys) -> SigningKeys:
        with self._lock:
            known = self._keys or refused
            if self._clock() - self._read_at < REREAD_AFTER_S:
                return known
            try:
                self._keys = self._read()
            except (BotoCoreError, ClientError, SigningKeysInvalid) as error:
                self._read_at = self._clock()
                logger.warning("the hooks' secret was not read again", extra={"reason": type(error).__name__})
            return self._keys or known

    def _read(self) -> SigningKeys:
        answer = self._secrets.get_secret_value(SecretId=self._name)
        keys = SigningKeys.parse(answer.get("SecretString", ""), self._name)
        self._read_at = self._clock()
        return keys
