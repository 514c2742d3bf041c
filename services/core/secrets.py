"""A process's settings, and its secrets: read when first needed, every 5 minutes, and once refused."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Generic, TypeVar

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

T = TypeVar("T")
# Limits the reads when refusals come in a flood: anyone can send bad signatures.
REREAD_AFTER_S = 60.0
# How long a key that was taken out of a secret is still accepted: nothing that verifies by it refuses it.
FRESH_FOR_S = 300.0
logger = logging.getLogger(__name__)


class Secret(Generic[T]):
    """One secret of the process. Every call may block, `known` apart; safe to share between threads.

    `read` returns the secret as it is now. What it raises reaches the caller, as long as there is no value.
    """

    def __init__(self, read: Callable[[], T], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._lock = threading.Lock()
        self._value: T | None = None
        self._read_at = 0.0

    @classmethod
    def fixed(cls, value: T) -> "Secret[T]":
        """Return a secret that never changes, as one given by value in a variable."""
        return cls(lambda: value)

    @classmethod
    def named(cls, secrets: "SecretsManagerClient", name: str, parse: Callable[[str], T]) -> "Secret[T]":
        """Return the secret that has this name in Secrets Manager, read by `parse`.

        Its first read raises what boto3 and `parse` raise.
        """
        return cls(lambda: parse(secrets.get_secret_value(SecretId=name).get("SecretString", "")))

    @property
    def known(self) -> T | None:
        """The secret as it was last read; None if it was not yet."""
        return self._value

    def value(self) -> T:
        """Return the secret as it was in the last FRESH_FOR_S seconds; longer ago where it cannot be read."""
        with self._lock:
            if self._value is None:
                self._value = self._read()
                self._read_at = self._clock()
            elif self._clock() - self._read_at >= FRESH_FOR_S:
                self._reread()
            return self._value

    def renewed(self, refused: T) -> T:
        """Return the secret after `refused` was refused: a newer value, or the same one if there is none.

        Reads at most once in REREAD_AFTER_S; if reading fails, the known value stays.
        """
        with self._lock:
            known = refused if self._value is None else self._value
            if known == refused and self._clock() - self._read_at >= REREAD_AFTER_S:
                self._reread()
                known = refused if self._value is None else self._value
            return known

    def _reread(self) -> None:
        try:
            self._value = self._read()
        except Exception as error:  # of any kind: the known value stays, and a refusal is the error to report
            logger.warning("a secret was not read again", extra={"error": type(error).__name__})
        self._read_at = self._clock()


Name = Annotated[str, Field(min_length=1)]


class ServiceSettings(BaseSettings):
    """Environment variables, one for each field, read once at start.

    An empty variable counts as absent. Raises ValidationError, which names the wrong ones, never a value.
    """

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, hide_input_in_errors=True)
