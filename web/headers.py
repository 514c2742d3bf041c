"""The headers of the page's files, which the stack, the local server and the tests share."""

import json
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).with_name("headers.json")
# The folder of files whose names contain a digest of their content.
ASSETS = "assets/"


def security_headers(origins: Mapping[str, str]) -> dict[str, str]:
    """Return the headers by lower-case name.

    `origins` gives the origin of `api` ("" if it is the page's own), `supabase` and `photos`. Raises KeyError
    for a placeholder that it lacks.
    """
    headers = json.loads(FILE.read_text("utf-8"))
    policy = {
        directive: [source.format_map(origins) for source in sources]
        for directive, sources in headers["content-security-policy"].items()
    }
    headers["content-security-policy"] = "; ".join(
        " ".join([directive, *filter(None, sources)]) for directive, sources in policy.items()
    )
    return dict(headers)


def cache_control(path: str) -> str:
    """Return the Cache-Control of a file, by its path without a leading slash.

    Browsers ask for every file outside assets again each time, so that they show a new build at once.
    """
    return "public, max-age=31536000, immutable" if path.startswith(ASSETS) else "no-cache"
