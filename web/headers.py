"""The headers of the page's files, which the stack, the local server and the tests share."""

import json
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).with_name("headers.json")
# The folder of the files that Vite names by their content.
ASSETS = "assets/"
CACHED_FOR_A_YEAR = "public, max-age=31536000, immutable"
# Browsers ask for these files again each time, so that they show a new build at once.
ASKED_FOR_AGAIN = "public, max-age=0, must-revalidate"


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


def api_headers() -> dict[str, str]:
    """Return the headers of the API's answers under the page's origin, by lower-case name.

    An answer may have a content security policy of its own, which it keeps.
    """
    return {
        **security_headers({"api": "", "supabase": "", "photos": ""}),
        # An answer that is opened as a page runs and loads nothing.
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    }


def cache_control(path: str) -> str:
    """Return the Cache-Control of a file, by its path without a leading slash."""
    return CACHED_FOR_A_YEAR if path.startswith(ASSETS) else ASKED_FOR_AGAIN
