"""What a person does with a report: names what was not recognised, corrects, copies, exports, deletes."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import jwt
from playwright.sync_api import expect

from local.supervisor.account import aws_client
from tests.system.page.visit import PHOTOS, Visit
from tests.system.running import System


def reported(one: Visit, photo: str = "drawn-mug.jpg") -> str:
    """Sign in, make a report of a photo, and return its id."""
    one.sign_in()
    one.choose(PHOTOS / photo)
    one.send()
    return one.wait_for_report()


def test_unrecognised_thing_is_named_by_the_person(visit: Callable[..., Visit]) -> None:
    one = visit(user="cat", width=1280)
    reported(one, "real-cat.jpg")
    expect(one.page.get_by_role("heading", name="What is it?")).to_be_visible()
    one.page.get_by_label("Kind of goods").fill("lam")
    one.page.get_by_role("option", name="lamp").click()
    one.page.get_by_role("button", name="Save").click()
    expect(one.page.locator("h1")).to_contain_text("lamp", ignore_case=True)
    assert one.reports()[0]["product"]["type"] == "lamp"
    assert not one.violations()


def test_correction_becomes_a_fact_and_can_be_undone(visit: Callable[..., Visit]) -> None:
    one = visit(user="corrects")
    reported(one)
    before = one.reports()[0]["product"]["material"]
    one.page.get_by_role("button", name="Correct: Material").click()
    one.page.get_by_role("combobox", name="Material").select_option(label="glass")
    one.page.get_by_role("button", name="Save").click()
    expect(one.page.get_by_text("stated by the owner")).to_be_visible()
    assert one.reports()[0]["product"]["material"] == "glass"
    one.page.get_by_role("button", name="Correct: Material").click()
    one.page.get_by_role("button", name="Undo your correction").click()
    expect(one.page.get_by_text("stated by the owner")).to_have_count(0)
    assert one.reports()[0]["product"]["material"] == before


def test_title_is_copied(visit: Callable[..., Visit]) -> None:
    one = visit(user="copies")
    reported(one)
    one.page.get_by_role("button", name="Copy the title").click()
    assert one.page.evaluate("navigator.clipboard.readText()") == one.reports()[0]["title"]


def test_chosen_reports_are_exported(visit: Callable[..., Visit], tmp_path: Path) -> None:
    one = visit(user="exports", width=1280)
    reported(one)
    title = one.reports()[0]["title"]
    one.page.get_by_role("link", name="Shelf").first.click()
    one.page.get_by_role("button", name="Choose several").click()
    one.page.get_by_role("checkbox").first.check()
    one.page.get_by_role("button", name="Export").click()
    assert not one.violations()
    with one.page.expect_download() as file:
        one.page.get_by_role("button", name="Save the file").click()
    file.value.save_as(tmp_path / "reports.csv")
    rows = list(csv.reader((tmp_path / "reports.csv").read_text("utf-8-sig").splitlines()))
    assert any(title in cell for row in rows[1:] for cell in row)


def test_deletion_gives_a_receipt(visit: Callable[..., Visit]) -> None:
    one = visit(user="deletes")
    reported(one)
    one.page.get_by_role("button", name="Delete", exact=True).click()
    assert not one.violations()
    one.page.get_by_role("button", name="Delete it").click()
    expect(one.page.get_by_text("Erased now")).to_be_visible()
    assert not one.violations()
    assert one.reports() == []


def test_used_up_quota_keeps_the_photos(visit: Callable[..., Visit], system: System) -> None:
    one = visit(user="quota")
    claims = jwt.decode(system.token("quota"), options={"verify_signature": False})
    key = {"pk": {"S": f"user#{claims['sub']}"}, "sk": {"S": f"quota#{datetime.now(UTC):%Y-%m-%d}"}}
    port = int(system.address("emulator").rpartition(":")[2])
    table = aws_client("dynamodb", port, "ca-central-1")
    table.put_item(
        TableName=system.outputs["ReportsTable"],
        Item={**key, "reports": {"N": "200"}, "expires_at": {"N": "4102444800"}},
    )
    one.sign_in()
    one.choose(PHOTOS / "drawn-mug.jpg")
    one.send()
    expect(one.page.get_by_text("Today’s reports are used up.")).to_be_visible()
    assert not one.violations()
    assert one.reports() == []


def test_keyboard_alone_makes_a_report(visit: Callable[..., Visit]) -> None:
    one = visit(user="keyboard", width=1280)
    one.sign_in()
    with one.page.expect_file_chooser() as chooser:
        one.page.get_by_role("button", name="Choose photos").focus()
        one.page.keyboard.press("Enter")
    chooser.value.set_files(PHOTOS / "drawn-mug.jpg")
    send = one.page.get_by_role("button", name="Make the report")
    expect(send).to_be_enabled()
    for _ in range(30):
        one.page.keyboard.press("Tab")
        if send.evaluate("element => element === document.activeElement"):
            break
    one.page.keyboard.press("Enter")
    one.wait_for_report()
