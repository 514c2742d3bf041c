"""What a person does with a report: names it, corrects it, copies it, exports it, deletes it."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import expect

from local.supervisor.account import aws_client
from tests.system.page.visit import PHOTOS, Visit
from tests.system.running import System


def test_unrecognised_thing_is_named_by_the_person(visit: Callable[..., Visit]) -> None:
    one = visit(user="cat", width=1280)
    one.sign_in()
    one.show(f"/reports/{one.make('real-cat.jpg')['id']}")
    expect(one.page.get_by_role("heading", name="What is it?")).to_be_visible()
    one.page.get_by_role("combobox", name="Kind of goods").fill("lam")
    assert not one.violations()
    one.page.get_by_role("option", name="lamp").click()
    one.page.get_by_role("button", name="Save").click()
    expect(one.page.locator("h1")).to_contain_text("lamp", ignore_case=True)
    assert one.reports()[0]["product"]["type"] == "lamp"
    assert not one.violations()


def test_correction_becomes_a_fact_and_can_be_undone(visit: Callable[..., Visit]) -> None:
    one = visit(user="corrects")
    one.sign_in()
    report = one.make()
    one.show(f"/reports/{report['id']}")
    one.page.get_by_role("button", name="Correct: Material").click()
    one.page.get_by_role("combobox", name="Material").select_option(label="glass")
    assert not one.violations()
    one.page.get_by_role("button", name="Save").click()
    expect(one.page.get_by_text("stated by the owner")).to_be_visible()
    assert one.reports()[0]["product"]["material"] == "glass"
    one.page.get_by_role("button", name="Correct: Material").click()
    # While it is edited, the fact is not shown either.
    with one.page.expect_response(lambda answer: answer.request.method == "PATCH"):
        one.page.get_by_role("button", name="Undo your correction").click()
    expect(one.page.get_by_text("stated by the owner")).to_have_count(0)
    assert one.reports()[0]["product"]["material"] == report["product"]["material"]


def test_report_is_copied_exported_and_deleted(visit: Callable[..., Visit], tmp_path: Path) -> None:
    one = visit(user="keeps", width=1280)
    page = one.page
    one.sign_in()
    report = one.make()
    one.show(f"/reports/{report['id']}")
    page.get_by_role("button", name="Copy: Title (English)").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == report["title"]

    page.get_by_role("link", name="Shelf").first.click()
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("checkbox").check()
    assert not one.violations()
    page.get_by_role("button", name="Export").click()
    assert not one.violations()
    with page.expect_download() as file:
        page.get_by_role("button", name="Save the file").click()
    file.value.save_as(tmp_path / "reports.csv")
    rows = list(csv.reader((tmp_path / "reports.csv").read_text("utf-8-sig").splitlines()))
    assert any(report["title"] in cell for row in rows[1:] for cell in row)

    page.get_by_role("button", name="Delete", exact=True).click()
    assert not one.violations()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("Erased now")).to_be_visible()
    assert not one.violations()
    page.get_by_role("button", name="Done").last.click()
    expect(page.get_by_text("No reports yet")).to_be_visible()
    assert one.reports() == []


def test_deletion_gives_a_receipt(visit: Callable[..., Visit]) -> None:
    one = visit(user="deletes")
    one.sign_in()
    report = one.make()
    one.show(f"/reports/{report['id']}")
    one.page.get_by_role("button", name="Delete", exact=True).click()
    assert not one.violations()
    one.page.get_by_role("button", name="Delete it").click()
    expect(one.page.get_by_text(f"Receipt for report {report['id']}")).to_be_visible()
    assert not one.violations()
    assert one.reports() == []
    one.page.reload()
    expect(one.page.get_by_role("heading", name="No such report").last).to_be_visible()


def test_used_up_quota_keeps_the_photos(visit: Callable[..., Visit], system: System) -> None:
    one = visit(user="quota")
    one.sign_in()
    user = one.claims(one.token())["sub"]
    port = int(system.address("emulator").rpartition(":")[2])
    dynamodb, table = aws_client("dynamodb", port, "ca-central-1"), system.outputs["ReportsTable"]
    today = datetime.now(UTC)
    # The next day may begin before the photo is sent.
    for day in (today, today + timedelta(days=1)):
        key = {"pk": {"S": f"user#{user}"}, "sk": {"S": f"quota#{day:%Y-%m-%d}"}}
        item = {**key, "reports": {"N": "200"}, "expires_at": {"N": "4102444800"}}
        dynamodb.put_item(TableName=table, Item=item)
    one.choose(PHOTOS / "drawn-mug.jpg")
    one.send()
    waits = one.page.locator(".submission").get_by_text("Today’s reports are used up.")
    expect(waits).to_be_visible()
    assert not one.violations()
    one.page.reload()
    expect(waits).to_be_visible()
    assert one.reports() == []
