"""The screens to be shown, each with how the page comes to it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

TIMEOUT_MS = 60_000


@dataclass
class Desk:
    """A signed-in person with reports: `long` has eight photos and a long title, `cat` is not recognised."""

    page: Page
    url: str
    photos: Sequence[Path]
    long: dict[str, Any]
    cat: dict[str, Any]

    def show(self, path: str) -> None:
        """Go to a screen, which starts anew."""
        self.page.goto(f"{self.url}{path}")

    def press(self, name: str, role: Any = "button") -> None:
        """Press a control."""
        self.page.get_by_role(role, name=name, exact=True).last.click()

    def answer(self, path: str, answer: Callable[[Route], None]) -> None:
        """Answer the API's requests for a path in the service's place."""
        self.page.route(f"**/api/{path}", answer)

    def wait(self, selector: str) -> None:
        """Wait until something is seen."""
        expect(self.page.locator(selector).first).to_be_visible(timeout=TIMEOUT_MS)


def changed(report: dict[str, Any], **fields: Any) -> Callable[[Route], None]:
    """Return what answers with a report that has other fields."""
    body = json.dumps({**report, **fields})
    return lambda route: route.fulfill(content_type="application/json", body=body)


def capture(desk: Desk) -> None:
    """Nothing is chosen yet."""
    desk.show("/")
    desk.wait(".chooser")


def capture_photos(desk: Desk) -> None:
    """Eight photos are chosen."""
    capture(desk)
    desk.page.locator("input[type=file][multiple]").set_input_files(desk.photos)
    expect(desk.page.locator(".capture-send button")).to_be_enabled(timeout=TIMEOUT_MS)


def capture_offline(desk: Desk) -> None:
    """Photos wait for the network, and others have been refused."""
    capture(desk)
    refusal = {
        "code": "image_not_decodable",
        "detail": "Photo 1 is cut off.",
        "remedy": "Photograph it again.",
    }
    desk.answer("analyze", lambda route: route.fulfill(status=422, json=refusal))
    desk.press("Make the report")
    desk.wait(".submission-stopped")
    desk.page.context.set_offline(True)
    desk.page.locator("input[type=file][multiple]").set_input_files(desk.photos[1])
    desk.press("Make the report")
    expect(desk.page.locator(".submission")).to_have_count(2)
    desk.page.evaluate("scrollTo(0, 0)")


def session_expired(desk: Desk) -> None:
    """The sign-in comes over the screen."""
    desk.page.context.set_offline(False)
    desk.page.unroute_all()
    desk.page.evaluate(
        """() => {
          const kept = JSON.parse(localStorage.getItem("session"));
          localStorage.setItem("session", JSON.stringify({ ...kept, expires_at: 1, refresh_token: "gone" }));
        }"""
    )
    desk.show("/shelf")
    desk.wait("dialog")


def report(desk: Desk) -> None:
    """A report of eight photos with a long title."""
    desk.show(f"/reports/{desk.long['id']}")
    desk.wait(".report h1")
    desk.page.wait_for_load_state("networkidle")


def report_evidence(desk: Desk) -> None:
    """What the report relies on."""
    for summary in desk.page.locator("summary").all():
        summary.click()
    desk.page.locator("details").first.scroll_into_view_if_needed()


def report_editing(desk: Desk) -> None:
    """A fact and a text are being corrected."""
    report(desk)
    desk.press("Correct: Material")
    desk.press("Correct: Marks")
    desk.wait("select")


def report_deletion(desk: Desk) -> None:
    """The question before a report is deleted."""
    report(desk)
    desk.press("Delete")
    desk.wait("dialog")


def report_unrecognised(desk: Desk) -> None:
    """The page asks what it is."""
    desk.show(f"/reports/{desk.cat['id']}")
    desk.wait(".ask input")
    desk.page.wait_for_load_state("networkidle")


OPEN = {"product": None, "condition": None, "title": None, "description": None, "listing": None}


def report_unfinished(desk: Desk) -> None:
    """The stages of a report whose model does not answer."""
    waits = changed(desk.cat, **OPEN, status="running", stage="model", waiting_code="model_unavailable")
    desk.answer(f"reports/{desk.cat['id']}", waits)
    desk.show(f"/reports/{desk.cat['id']}")
    desk.wait(".making")


def report_failed(desk: Desk) -> None:
    """There is no report, and why."""
    desk.page.unroute_all()
    failure = {"code": "model_answer_invalid", "reason": "The model's answer is not valid."}
    desk.answer(f"reports/{desk.cat['id']}", changed(desk.cat, **OPEN, status="failed", failure=failure))
    desk.show(f"/reports/{desk.cat['id']}")
    desk.wait(".notice-error")


def missing(desk: Desk) -> None:
    """No such report."""
    desk.page.unroute_all()
    desk.show("/reports/00000000000000000000000000")
    desk.wait(".empty")


def not_found(desk: Desk) -> None:
    """No such address."""
    desk.show("/nowhere")
    desk.wait("main .button")


def shelf(desk: Desk) -> None:
    """The past reports."""
    desk.show("/shelf")
    desk.wait(".shelf-item")
    desk.page.wait_for_load_state("networkidle")


def shelf_choosing(desk: Desk) -> None:
    """Several are chosen."""
    shelf(desk)
    desk.press("Select")
    for box in desk.page.get_by_role("checkbox").all()[:2]:
        box.check()


def shelf_export(desk: Desk) -> None:
    """The question which file is made."""
    desk.press("Export")
    desk.wait("dialog")


def shelf_nothing_found(desk: Desk) -> None:
    """A search without result."""
    desk.show("/shelf?search=zeppelin")
    desk.wait(".empty")


def shelf_loading(desk: Desk) -> None:
    """The list is on its way."""
    desk.answer("reports*", lambda route: None)
    desk.show("/shelf")
    desk.wait(".loading")


def shelf_error(desk: Desk) -> None:
    """The service does not answer."""
    desk.page.unroute_all(behavior="ignoreErrors")
    desk.answer("reports*", lambda route: route.abort())
    desk.show("/shelf")
    desk.wait(".notice-error")


def shelf_empty(desk: Desk) -> None:
    """No report yet."""
    desk.page.unroute_all()
    desk.answer("reports*", lambda route: route.fulfill(json={"reports": [], "next": None}))
    desk.show("/shelf")
    desk.wait(".empty")
    desk.page.unroute_all()


# In this order: some begin where the one before ends.
SCREENS: tuple[Callable[[Desk], None], ...] = (
    *(report, report_evidence, report_editing, report_deletion, report_unrecognised),
    *(report_unfinished, report_failed, missing, not_found),
    *(shelf, shelf_choosing, shelf_export, shelf_nothing_found, shelf_loading, shelf_error, shelf_empty),
    *(capture, capture_photos, capture_offline, session_expired),
)

# Also in French and in the dark.
IN_FRENCH: tuple[Callable[[Desk], None], ...] = (report, shelf, capture_photos)
# Of these, what is below the window too.
WHOLE = (report, report_unrecognised, capture_photos)
