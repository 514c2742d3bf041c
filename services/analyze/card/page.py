"""Writes the page of a report: self-contained HTML without scripts, and the headers that keep it harmless."""

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from services.analyze.card.view import Card
from services.analyze.card.words import card_words
from services.analyze.documents import Report
from services.core.domain.report import Status

MEDIA_TYPE = "text/html"
_FOLDER = Path(__file__).parent
# Control characters but the end of a line: HTML has no place for them.
_CONTROLS = dict.fromkeys({*range(0x20), *range(0x7F, 0xA0)} - {0x0A})


def card_page(report: Report, headers: Mapping[str, str]) -> HTMLResponse:
    """The report's card, or a page that says that it is not ready or has failed; with `headers`."""
    policy = _policy(report)
    html = _template(report, policy)
    # A page that another site frames could be clicked unseen; a document cannot forbid that itself.
    full = f"{policy}; frame-ancestors 'none'"
    return HTMLResponse(
        html,
        headers={
            **headers,
            "Content-Security-Policy": full,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        },
    )


def _template(report: Report, policy: str) -> str:
    words = card_words()
    own = words[report.language]
    common = {"language": report.language, "policy": policy, "style": Markup(_style())}  # noqa: S704 - ours
    if report.status == Status.SUCCEEDED:
        card = Card.of(report)
        return _environment().get_template("card.html.j2").render(**common, title=card.title, card=card)
    if report.failure is not None:
        state = {"title": own.failed, "reason": report.failure.reason, "advice": None}
    else:
        state = {"title": own.unfinished, "reason": report.waiting, "advice": own.unfinished_text}
    name = own.report.format(id=report.id)
    return _environment().get_template("state.html.j2").render(**common, **state, report=name)


def _policy(report: Report) -> str:
    """Nothing but our style, and images from where the links to the photos lead."""
    addresses = [urlsplit(photo.url) for photo in report.photos]
    origins = sorted({f"{address.scheme}://{address.netloc}" for address in addresses}) or ["'none'"]
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src {' '.join(origins)}; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _style() -> str:
    return (_FOLDER / "style.css").read_text("utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )


def _printable(value: Any) -> Any:
    return value.translate(_CONTROLS) if isinstance(value, str) and not isinstance(value, Markup) else value
