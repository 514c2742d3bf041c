"""One person's visit of the page, in a browser profile of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx2
import jwt
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from local.home import REPOSITORY
from local.users import PASSWORD
from tests.system.running import System

AXE = REPOSITORY / "web" / "node_modules" / "axe-core" / "axe.min.js"
PHOTOS = REPOSITORY / "examples" / "photos"
# A report takes seconds; on a machine that tests, more of them.
TIMEOUT_MS = 60_000
MOST_TABS = 60
# The rules of WCAG 2.2 AA and axe's best practices; for the other scheme only what depends on colours.
_AXE = """async (scheme) => {
  const rules = scheme === "other" ? { runOnly: ["color-contrast", "link-in-text-block"] } : {};
  const { violations } = await axe.run(rules);
  const places = (nodes) => nodes.slice(0, 3).map(({ html }) => html.slice(0, 160));
  return violations.map(({ id, nodes }) => `${id}: ${places(nodes)}`);
}"""
_OVERFLOW = """() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  return scrollWidth > clientWidth ? `scrolls sideways: ${scrollWidth} px in ${clientWidth}` : "";
}"""
WORDS = {
    "en": {"sign_in": "Sign in", "choose": "Choose photos", "send": "Make the report", "shelf": "Shelf"},
    "fr": {
        "sign_in": "Se connecter",
        "choose": "Choisir des photos",
        "send": "Créer le rapport",
        "shelf": "Étagère",
    },
}
# Chosen controls may mark the focus on what is around them.
# Until then the body has the focus; some screens leave it there.
_FOCUS_TAKEN = """new Promise((done) => {
  const latest = performance.now() + 2000;
  const look = () => document.activeElement !== document.body || performance.now() > latest
    ? setTimeout(done, 100) : requestAnimationFrame(look);
  requestAnimationFrame(look);
})"""
_KEEPS_FOCUS = """one => one === document.activeElement
  && new Promise((done) => setTimeout(() => done(one === document.activeElement), 100))"""
_IS_FOCUS_SEEN = """one => [one, one.parentElement, one.nextElementSibling].some((element) => {
  if (element === null) return false;
  const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
  return (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
})"""
Language = Literal["en", "fr"]
Scheme = Literal["light", "dark"]


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
        scheme: Scheme = "light",
        language: Language = "en",
    ) -> None:
        self.system = system
        self.email = f"{user}@vitrine.test"
        self.scheme = scheme
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
        expect.set_options(timeout=TIMEOUT_MS)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page = self.open()

    def open(self) -> Page:
        """Return a new tab of the same person, not yet at an address."""
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.offences.append(f"error: {error}"))
        page.on("request", self._ask)
        # From the beginning, so that the browser hands its file dialog over as soon as a test opens one.
        page.on("filechooser", lambda _: None)
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
            email.fill(self.email)
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
        expect(self.page.locator(".report h1")).to_be_visible()
        return self.page.url.rpartition("/")[2]

    def token(self) -> str:
        """Return the access token of the person's session, which must be in no log line."""
        kept = self.page.evaluate("localStorage.getItem('session')")
        token: str = httpx2.Response(200, text=kept).json()["access_token"]
        claims = self.claims(token)
        self.system.planted.update((*token.split(".")[1:], claims["email"], claims["sub"]))
        return token

    def claims(self, token: str) -> dict[str, Any]:
        """Return what a token says, unchecked."""
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
        return claims

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Ask the API without the browser, as the person who is signed in there."""
        headers = {"Authorization": f"Bearer {self.token()}", "Prefer": "wait=25"}
        return self.system.client.request(method, f"{self.url}/api{path}", headers=headers, **options)

    def reports(self) -> list[dict[str, Any]]:
        """Return the person's reports, as the API lists them."""
        found: list[dict[str, Any]] = self.ask("GET", "/reports").json()["reports"]
        return found

    def make(self, photo: str = "drawn-mug.jpg") -> dict[str, Any]:
        """Have a report made without the browser, and return it."""
        content = (PHOTOS / photo).read_bytes()
        answer = self.ask("POST", "/analyze", files={"images": (photo, content, "image/jpeg")})
        report: dict[str, Any] = answer.json()
        assert report.get("status") == "succeeded", answer.text
        return report

    def show(self, path: str) -> None:
        """Go to another screen of the page, which starts anew, and wait until it is drawn."""
        self.page.goto(f"{self.url}{path}")
        # After the page has loaded it still asks for its configuration.
        expect(self.page.locator("main h1").first).to_be_attached()

    def tab_to(self, target: Locator, *, backwards: bool = False) -> None:
        """Press Tab until a control has the focus, which must be seen all the way."""
        expect(target).to_be_visible()
        # A new screen takes the focus after it is drawn, which a person sees before pressing a key.
        self.page.evaluate(_FOCUS_TAKEN)
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Shift+Tab" if backwards else "Tab")
            focused = self.page.locator("*:focus")
            if focused.count() and not focused.evaluate(_IS_FOCUS_SEEN):
                self.offences.append(f"focus not seen: {focused.evaluate('one => one.outerHTML')[:160]}")
            # On a busy machine a screen that was drawn late takes the focus once more.
            if target.evaluate(_KEEPS_FOCUS):
                return
        raise AssertionError(f"{MOST_TABS} presses of Tab do not reach {target}")

    def violations(self) -> list[str]:
        """Return what `violations` finds on the screen."""
        return violations(self.page, self.scheme)


def violations(page: Page, scheme: Scheme) -> list[str]:
    """Return what axe finds on a page in both schemes, and that it is wider than the window."""
    # By the debugger, which the page's policy does not bind.
    page.evaluate(f"() => {{ if (!window.axe) {{ {AXE.read_text('utf-8')} }} }}")
    found: list[str] = page.evaluate(_AXE, "own")
    page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
    found += [f"in the other scheme, {one}" for one in page.evaluate(_AXE, "other")]
    page.emulate_media(color_scheme=scheme)
    return [*found, *filter(None, [page.evaluate(_OVERFLOW)])]


@contextmanager
def visits(browser: Browser, system: System) -> Iterator[Callable[..., Visit]]:
    """Give what opens the page, with `Visit`'s arguments. Each visit fails on what a person would not see."""
    opened: list[Visit] = []

    def open_page(**options: Any) -> Visit:
        opened.append(Visit(browser, system, **options))
        return opened[-1]

    try:
        yield open_page
    finally:
        for one in opened:
            one.close()
    offences = [offence for one in opened for offence in one.offences]
    assert not offences, "\n".join(offences)
