"""The security headers of the page, from the file that the stack, the local server and the tests share."""

import json
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).with_name("headers.json")


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
