"""What interrupts a person: each time one report results, never two, and nothing that was entered is lost."""

from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.system.page.visit import PHOTOS, Visit


def test_lost_answer_makes_no_second_report(visit: Callable[..., Visit]) -> None:
    one = visit(user="lost-answer")
    one.sign_in()
    lost: list[int] = []

    def lose(route: Route) -> None:
        answer = route.fetch()
        lost.append(answer.status)
        route.abort("connectionreset")

    one.page.route("**/api/analyze", lose, times=1)
    one.choose(PHOTOS / "drawn-mug.jpg")
    one.send()
    one.wait_for_report()
    assert lost[0] in (200, 202)
    assert len(one.reports()) == 1


def test_network_returns_and_the_report_is_made(visit: Callable[..., Visit]) -> None:
    one = visit(user="network-cut")
    one.expected.append("net::ERR_INTERNET_DISCONNECTED")
    one.sign_in()
    one.choose(PHOTOS / "drawn-chair.jpg")
    one.context.set_offline(True)
    one.send()
    expect(one.page.get_by_text("It is sent when the network returns.")).to_be_visible()
    assert not one.violations()
    one.context.set_offline(False)
    one.wait_for_report()
    assert len(one.reports()) == 1


def test_reload_during_the_work_goes_on(visit: Callable[..., Visit]) -> None:
    one = visit(user="reloads")
    one.sign_in()
    one.choose(PHOTOS / "drawn-clock.jpg")
    # However fast the report is made, the page does not learn of it before it is loaded again.
    loaded_again: list[bool] = []
    one.page.route("**/api/reports/*", lambda route: route.continue_() if loaded_again else None)
    with one.page.expect_request("**/api/analyze"):
        one.send()
    loaded_again.append(True)
    one.page.reload()
    one.page.get_by_role("link", name="Open the report").click()
    one.wait_for_report()
    assert len(one.reports()) == 1


def test_second_tab_sends_nothing_twice(visit: Callable[..., Visit]) -> None:
    one = visit(user="two-tabs")
    one.sign_in()
    one.choose(PHOTOS / "drawn-bag.jpg")
    other = one.open()
    with one.page.expect_request("**/api/analyze"):
        one.send()
    other.goto(one.url)
    one.wait_for_report()
    other.close()
    assert len(one.reports()) == 1


def test_page_opens_without_network_and_keeps_photos(visit: Callable[..., Visit]) -> None:
    one = visit(user="draft")
    one.expected.append("net::ERR_INTERNET_DISCONNECTED")
    one.sign_in()
    one.choose(PHOTOS / "drawn-lamp.jpg")
    one.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    one.context.set_offline(True)
    one.page.reload()
    expect(one.page.get_by_text("You are offline.")).to_be_visible()
    expect(one.page.get_by_role("button", name="Remove photo 1")).to_be_visible()
    assert not one.violations()
    one.context.set_offline(False)
    one.send()
    one.wait_for_report()
    assert len(one.reports()) == 1


def test_old_token_is_renewed_unseen(visit: Callable[..., Visit]) -> None:
    one = visit(user="renews")
    one.sign_in()
    token = one.token()
    one.page.evaluate(
        """() => {
          const kept = JSON.parse(localStorage.getItem("session"));
          localStorage.setItem("session", JSON.stringify({...kept, expires_at: 1}));
        }"""
    )
    one.page.get_by_role("link", name="Shelf").click()
    expect(one.page.get_by_text("No reports yet")).to_be_visible()
    assert not one.violations()
    assert one.token() != token


def test_expired_session_asks_over_the_screen(visit: Callable[..., Visit]) -> None:
    one = visit(user="expires")
    one.sign_in()
    one.choose(PHOTOS / "drawn-mug.jpg")
    # As after a night: the token is over, and the session cannot be renewed.
    one.page.evaluate(
        """() => {
          const kept = JSON.parse(localStorage.getItem("session"));
          localStorage.setItem("session", JSON.stringify({...kept, expires_at: 1, refresh_token: "gone"}));
        }"""
    )
    one.send()
    expect(one.page.get_by_role("dialog")).to_be_visible()
    assert not one.violations()
    one.fill_sign_in()
    one.wait_for_report()
    assert len(one.reports()) == 1
