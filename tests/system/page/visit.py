"""One person's visit of the page, in a browser profile of its own."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from local.home import REPOSITORY
from local.users import PASSWORD
from tests.system.running import System

if TYPE_CHECKING:
    from collections.abc import Sequence

AXE = REPOSITORY / "web" / "node_modules" / "axe-core" / "axe.min.js"
PHOTOS = REPOSITORY / "examples" / "photos"
# A report takes seconds; a machine that tests, more of them.
TIMEOUT_MS = 60_000
WORDS = {
    "en": {"sign_in": "Sign in", "choose": "Choose photos", "send": "Make the report", "shelf": "Shelf"},
    "fr": {
        "sign_in": "Se connecter",
        "choose": "Choisir des photos",
        "send": "Créer le rapport",
        "shelf": "Étagère",
    },
}
Language = Literal["en", "fr"]


class Visit:
    """A page with a person on it.

    `offences` are errors in the console, violations of the page's policy and requests to origins that the
    policy does not name; `expected` are texts of console lines that a test causes on purpose.
    """

    def __init__(
        self,
        browser: Browser,
        system: System,
        *,
        user: str,
        width: int = 390,
        scheme: Literal["light", "dark"] = "light",
        language: Language = "en",
    ) -> None:
        self.system = system
        self.user = user
        self.words = WORDS[language]
        self.offences: list[str] = []
        self.expected: list[str] = ["Failed to load resource"]
        self.url = system.address("page")
        self._origins = {self.url, system.address("identity"), system.address("emulator")}
        self.context = browser.new_context(
            viewport={"width": width, "height": 844 if width < 600 else 900},
            color_scheme=scheme,
            locale=f"{language}-CA",
            reduced_motion="reduce",
            has_touch=width < 600,
            accept_downloads=True,
        )
        self.context.set_default_timeout(TIMEOUT_MS)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = self.open()

    def open(self) -> Page:
        """Return a new tab of the same person, not yet at an address."""
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.offences.append(f"error: {error}"))
        page.on("request", self._ask)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(text in message.text for text in self.expected):
            self.offences.append(f"console: {message.text}")

    def _ask(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if (
            parts.scheme in ("http", "https", "ws")
            and f"{parts.scheme}://{parts.netloc}" not in self._origins
        ):
            self.offences.append(f"request to another origin: {request.url}")

    def close(self) -> None:
        """End the visit."""
        self.context.close()

    def sign_in(self, path: str = "/") -> None:
        """Open an address of the page and sign in."""
        self.page.goto(f"{self.url}{path}")
        self.fill_sign_in()

    def fill_sign_in(self) -> None:
        """Fill in the form that asks who the person is, and send it."""
        email = self.page.locator("input[name=email]")
        if email.is_editable():
            email.fill(f"{self.user}@vitrine.test")
        self.page.locator("input[name=password]").fill(PASSWORD)
        self.page.get_by_role("button", name=self.words["sign_in"], exact=True).click()
        expect(self.page.locator("input[name=password]")).to_have_count(0)

    def choose(self, *photos: Path) -> None:
        """Choose photos on the capture screen, and wait until they can be sent."""
        self.page.locator("input[type=file][multiple]").set_input_files(photos)
        expect(self.page.get_by_role("button", name=self.words["send"])).to_be_enabled()

    def send(self) -> None:
        """Ask for the report of the chosen photos."""
        self.page.get_by_role("button", name=self.words["send"]).click()

    def wait_for_report(self) -> str:
        """Wait until the report is shown, and return its id."""
        self.page.wait_for_url("**/reports/*")
        expect(self.page.locator(".report h1, h1")).to_be_visible()
        return self.page.url.rpartition("/")[2]

    def reports(self) -> list[dict[str, Any]]:
        """The person's reports, as the API lists them."""
        answer = self.system.client.get(
            f"{self.system.api_url}/reports", headers=self.system.headers(self.user)
        )
        found: list[dict[str, Any]] = answer.json()["reports"]
        return found

    def violations(self) -> list[str]:
        """What axe finds on the screen, by the rules of WCAG 2.2 AA and its best practices."""
        # By the debugger, which the page's policy does not bind.
        self.page.evaluate(AXE.read_text("utf-8"))
        found: Sequence[dict[str, Any]] = self.page.evaluate("axe.run()")["violations"]
        return [
            f"{one['id']}: {json.dumps([node['html'][:160] for node in one['nodes']][:3])}" for one in found
        ]
