"""Signatures of webhooks by Standard Webhooks (standardwebhooks.com), for those sent and those received.

A secret holds one key `whsec_<base64>`, or two during a rotation: the sender signs with both, the receiver
accepts either. To rotate, add the new key on both sides, in any order, then remove the old one.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from standardwebhooks import Webhook, WebhookVerificationError

from services.core.domain.errors import SignatureInvalid, SigningKeysInvalid

PREFIX = "whsec_"
MOST_KEYS = 2
# The standard's bounds for a key, in bytes.
SHORTEST, LONGEST = 24, 64
# The library accepts any id, and several spellings of a time or a signature. A dot separates what is signed.
_ID = re.compile(r"[\x21-\x2d\x2f-\x7e]{1,128}")
_TIMESTAMP = re.compile(r"[1-9][0-9]{0,11}")
_SIGNATURE = re.compile(r"v1,[A-Za-z0-9+/]{43}=")


@dataclass(frozen=True)
class SigningKeys:
    """The keys of one secret; equal if their bytes are. Its repr shows no key."""

    _keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def parse(cls, secret: str, source: str) -> Self:
        """Read a secret; raises SigningKeysInvalid, which names its `source` and quotes no key."""
        words = secret.split()
        if not 1 <= len(words) <= MOST_KEYS:
            raise SigningKeysInvalid(
                source, f"expected 1 or {MOST_KEYS} keys, separated by white space; it holds {len(words)}"
            )
        return cls(tuple(_key(word, number, source) for number, word in enumerate(words, 1)))

    def sign(self, message_id: str, body: bytes, moment: datetime | None = None) -> dict[str, str]:
        """Return the three headers for a body of UTF-8, signed with every key at `moment` (default: now)."""
        moment = moment or datetime.now(UTC)
        signatures = [
            Webhook(key).sign(message_id, moment.astimezone(UTC), body.decode()) for key in self._keys
        ]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": " ".join(signatures),
        }

    def verify(self, body: bytes, headers: Mapping[str, str]) -> str:
        """Return the message's id, the same for each attempt; header names may be in any case.

        Raises SignatureInvalid unless one of the keys signed this message, within 5 minutes of now.
        """
        given = {name.lower(): value for name, value in headers.items()}
        wanted = {name: given.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")}
        if missing := [f"webhook-{name}" for name, value in wanted.items() if not value]:
            raise SignatureInvalid(f"missing: {', '.join(missing)}")
        if not (_ID.fullmatch(wanted["id"]) and _TIMESTAMP.fullmatch(wanted["timestamp"])):
            raise SignatureInvalid("webhook-id or webhook-timestamp is malformed")
        # Other versions may stand beside v1; the library fails at a malformed signature.
        signatures = [word for word in wanted["signature"].split(" ") if _SIGNATURE.fullmatch(word)]
        headers = {f"webhook-{name}": value for name, value in wanted.items()}
        headers["webhook-signature"] = " ".join(signatures)
        if not signatures:
            raise SignatureInvalid("webhook-signature holds no signature of version v1")
        reason = ""
        for key in self._keys:
            try:
                Webhook(key).verify(body, headers, json_parse=False)
            except WebhookVerificationError as error:
                reason = str(error)
            except UnicodeDecodeError:
                reason = "the body is not UTF-8"
            else:
                return wanted["id"]
        raise SignatureInvalid(reason)


def _key(word: str, number: int, source: str) -> bytes:
    problem = f"key {number} is not {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64"
    try:
        key = base64.b64decode(word.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SigningKeysInvalid(source, problem) from None
    if not word.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise SigningKeysInvalid(source, problem)
    return key
