"""Screens that a flow does not pass, each checked by axe, at the smallest width and in both languages."""

import json
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Route, ViewportSize, expect

from tests.system.page.visit import Visit

SMALLEST: ViewportSize = {"width": 320, "height": 640}


def test_every_screen_fits_the_smallest_window(visit: Callable[..., Visit]) -> None:
    one = visit(user="small", language="fr")
    one.page.set_viewport_size(SMALLEST)
    one.show("/")
    one.page.locator("input[name=password]").fill("wrong")
    one.page.get_by_role("button", name="Se connecter", exact=True).click()
    expect(one.page.get_by_text("ne correspondent pas")).to_be_visible()
    assert not one.violations()
    one.fill_sign_in()
    report = one.make("drawn-vase-crack.jpg")
    for path, text in {
        "/": "Choisir des photos",
        "/shelf": report["title"],
        "/shelf?search=zeppelin": "zeppelin",
        f"/reports/{report['id']}": report["title"],
        "/reports/00000000000000000000000000": "Photographier",
        "/nowhere": "Introuvable",
    }.items():
        one.show(path)
        expect(one.page.get_by_text(text).last).to_be_visible()
        assert not one.violations(), path


def test_unfinished_and_failed_reports_say_why(visit: Callable[..., Visit]) -> None:
    one = visit(user="unfinished")
    one.sign_in()
    report = one.make()
    shown: dict[str, Any] = {}

    def change(route: Route) -> None:
        route.fulfill(content_type="application/json", body=json.dumps({**report, **shown}))

    one.page.route(f"**/api/reports/{report['id']}", change)
    open_report = {"product": None, "condition": None, "title": None, "description": None, "listing": None}
    shown.update(open_report, status="running", stage="model", waiting_code="model_unavailable")
    one.show(f"/reports/{report['id']}")
    expect(one.page.get_by_role("heading", name="The report is being made")).to_be_visible()
    expect(one.page.get_by_text("The model does not answer at the moment.")).to_be_visible()
    assert not one.violations()
    shown.update(stage="narrate", waiting_code=None)
    expect(one.page.locator("[aria-current=step]")).to_contain_text("Text")
    reason = "The model gave no valid answer."
    shown.update(status="failed", stage=None, failure={"code": "model_answer_invalid", "reason": reason})
    expect(one.page.get_by_role("heading", name="There is no report")).to_be_visible()
    expect(one.page.get_by_text(reason)).to_be_visible()
    assert not one.violations()


def test_open_parts_of_a_report_are_accessible(visit: Callable[..., Visit]) -> None:
    one = visit(user="opens")
    page = one.page
    one.sign_in()
    one.show(f"/reports/{one.make('drawn-vase-crack.jpg')['id']}")
    corrections = page.get_by_role("button", name=re.compile("^Correct: "))
    # The list is of the buttons that are there at this moment.
    expect(corrections.first).to_be_visible()
    for button in reversed(corrections.all()):
        button.click()
    expect(corrections).to_have_count(0)
    for summary in page.locator("summary").all():
        summary.click()
    assert not one.violations()
    page.get_by_role("button", name="Enlarge:").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert not one.violations()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Account").click()
    assert not one.violations()
    page.get_by_role("menuitemradio", name="Français").click()
    expect(page.get_by_role("link", name="Étagère").first).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "fr"


def test_paper_has_the_report_alone(visit: Callable[..., Visit]) -> None:
    one = visit(user="prints")
    one.sign_in()
    report = one.make()
    one.show(f"/reports/{report['id']}")
    expect(one.page.get_by_role("button", name="Print")).to_be_visible()
    one.page.emulate_media(media="print")
    # On the screen, a press on the photo enlarges it.
    expect(one.page.get_by_role("button")).to_have_count(len(report["photos"]))
    expect(one.page.get_by_role("navigation")).to_have_count(0)
    expect(one.page.locator("h1")).to_have_text(report["title"])
