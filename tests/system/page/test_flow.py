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
    one.sign_in()
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
