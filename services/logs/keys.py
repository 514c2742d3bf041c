"""The keys by which senders of Edge logs are known: each request names one in its header."""

import hmac
from dataclasses import dataclass, field
from typing import Self

from services.core.domain.errors import VitrineError

HEADER = "x-vitrine-logs-key"
MOST_KEYS = 2
# In characters: a key of 128 random bits, in hexadecimal digits.
SHORTEST = 32


class LogKeysInvalid(VitrineError):
    """The secret that `source` holds is no list of keys; it is never quoted."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")


@dataclass(frozen=True)
class LogKeys:
    """The keys of one secret: one, or two during a rotation. Its repr shows no key."""

    _keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def parse(cls, secret: str, source: str) -> Self:
        """Read a secret; raises LogKeysInvalid, which names its `source`."""
        keys = tuple(word.encode() for word in secret.split())
        if not 1 <= len(keys) <= MOST_KEYS:
            raise LogKeysInvalid(
                source, f"expected 1 or {MOST_KEYS} keys, separated by white space; it holds {len(keys)}"
            )
        for number, key in enumerate(keys, 1):
            if len(key) < SHORTEST:
                raise LogKeysInvalid(source, f"key {number} has fewer than {SHORTEST} characters")
        return cls(keys)

    def admit(self, given: str) -> bool:
        """Whether `given` is one of the keys. How long this takes tells nothing about them."""
        named = given.encode("utf-8", "replace")
        admitted = False
        # Every key is compared, also after one fits.
        for key in self._keys:
            admitted |= hmac.compare_digest(named, key)
        return admitted
