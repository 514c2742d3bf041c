"""The page with an async model: the stages are shown as they happen, and the report arrives by itself."""

from collections.abc import Callable

from playwright.sync_api import expect

from local.fakes.postgres.project import SupabaseProject
from tests.system.page.visit import PHOTOS, Visit


def test_queued_report_arrives_by_itself(async_visit: Callable[..., Visit]) -> None:
    one = async_visit(user="queued")
    one.sign_in()
    claims = one.claims(one.token())
    SupabaseProject.at(one.system.address("database")).add_user(claims["sub"], claims["email"])
    one.choose(PHOTOS / "drawn-mug.jpg")
    one.send()
    expect(one.page.locator(".capture-stages")).to_be_visible()
    one.wait_for_report()
    assert len(one.reports()) == 1
    assert not one.violations()
