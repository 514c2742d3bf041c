"""From the sign-in to the shelf, as a person does it: small and large, light and dark, in both languages."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.system.page.visit import PHOTOS, Visit

LOOKS = [
    pytest.param({"width": 390, "scheme": "light", "language": "en"}, id="phone-light-en"),
    pytest.param({"width": 1280, "scheme": "dark", "language": "fr"}, id="desk-dark-fr"),
]


@pytest.mark.parametrize("look", LOOKS)
def test_photos_become_one_report(visit: Callable[..., Visit], look: dict[str, Any]) -> None:
    one = visit(user=f"flow-{look['language']}", **look)
    one.show("/")
    assert not one.violations()
    one.fill_sign_in()
    assert not one.violations()
    one.choose(PHOTOS / "drawn-mug.jpg")
    assert not one.violations()
    one.send()
    number = one.wait_for_report()
    assert not one.violations()
    assert [report["id"] for report in one.reports()] == [number]
    title = one.page.locator("h1").inner_text()
    assert title == one.reports()[0]["title"]

    one.page.get_by_role("link", name=one.words["shelf"]).first.click()
    expect(one.page.get_by_role("link", name=title)).to_be_visible()
    assert not one.violations()


def test_keyboard_alone_suffices(visit: Callable[..., Visit]) -> None:
    one = visit(user="keyboard", width=1280)
    page, keys = one.page, one.page.keyboard
    one.show("/")
    one.tab_to(page.locator("input[name=email]"))
    keys.press("Control+A")
    keys.type(one.email)
    one.tab_to(page.get_by_role("button", name="Sign in"))
    keys.press("Enter")

    one.tab_to(page.get_by_role("button", name="Choose photos"))
    with page.expect_file_chooser() as chooser:
        keys.press("Enter")
    chooser.value.set_files([PHOTOS / "drawn-mug.jpg", PHOTOS / "drawn-lamp.jpg"])
    one.tab_to(page.get_by_role("button", name="Remove photo 2"))
    keys.press("Enter")
    expect(page.get_by_role("button", name="Remove photo 2")).to_have_count(0)
    one.tab_to(page.get_by_role("button", name="Make the report"))
    keys.press("Enter")
    one.wait_for_report()

    one.tab_to(page.get_by_role("button", name="Correct: Material"))
    keys.press("Enter")
    material = page.get_by_role("combobox", name="Material")
    expect(material).to_be_focused()
    keys.type("gla")
    one.tab_to(page.get_by_role("button", name="Save"))
    keys.press("Enter")
    expect(page.get_by_text("stated by the owner")).to_be_visible()
    expect(page.get_by_role("button", name="Correct: Material")).to_be_focused()

    delete = page.get_by_role("button", name="Delete", exact=True)
    one.tab_to(delete)
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(delete).to_be_focused()
    (report,) = one.reports()
    assert report["product"]["material"] == "glass"
