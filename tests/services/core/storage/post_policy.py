"""S3's checks of a presigned POST, by its documentation: moto accepts any form."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any

# What a policy need not mention.
_UNMENTIONED = {"x-amz-signature", "policy"}


def refusal(
    fields: dict[str, str], content: bytes, *, bucket: str, secret_key: str, now: datetime
) -> str | None:
    """Why S3 would refuse this form, by the name of its error; None when it takes it."""
    if not hmac.compare_digest(_signature(fields, secret_key), fields.get("x-amz-signature", "")):
        return "SignatureDoesNotMatch"
    policy = json.loads(base64.b64decode(fields["policy"]))
    if now >= datetime.fromisoformat(policy["expiration"]):
        return "AccessDenied: expired"
    sent = {name.lower(): value for name, value in fields.items()} | {"bucket": bucket}
    mentioned = set()
    for condition in policy["conditions"]:
        match condition:
            case ["content-length-range", least, most]:
                if len(content) < least:
                    return "EntityTooSmall"
                if len(content) > most:
                    return "EntityTooLarge"
            case ["starts-with", str(name), str(beginning)]:
                mentioned.add(name.removeprefix("$").lower())
                if not sent.get(name.removeprefix("$").lower(), "").startswith(beginning) or (
                    name.removeprefix("$").lower() not in sent
                ):
                    return f"AccessDenied: {name}"
            case dict():
                ((name, value),) = condition.items()
                mentioned.add(name.lower())
                if sent.get(name.lower()) != value:
                    return f"AccessDenied: {name}"
            case other:
                raise ValueError(f"not a condition: {other}")
    if extra := sent.keys() - mentioned - _UNMENTIONED:
        return f"AccessDenied: extra {min(extra)}"
    return None


def _signature(fields: dict[str, Any], secret_key: str) -> str:
    _, day, region, service, end = fields["x-amz-credential"].split("/")
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, service, end):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return hmac.new(key, fields["policy"].encode(), hashlib.sha256).hexdigest()
