"""The keys that webhooks are signed with on this machine: made once, kept in a file of the home."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass

from cli.errors import UserError
from local.home import Home

_BYTES = 32


@dataclass(frozen=True)
class SigningKeys:
    """A secret for each direction, as Standard Webhooks writes them (whsec_…)."""

    webhook: str
    hooks: str


def load_or_create(home: Home) -> SigningKeys:
    """Return the keys of a home; raise LocalError when their file holds another thing."""
    path = home.data("signing-keys.json")
    if not path.exists():
        keys = SigningKeys(_new(), _new())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(keys), file)
        return keys
    try:
        return SigningKeys(**json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise UserError(f"{path} holds no signing keys.", hint="Delete it: new ones are made.") from error


def _new() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(_BYTES)).decode()}"
