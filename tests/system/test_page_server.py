"""The page's server in the running system: what a browser gets before any script runs, and through it."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.system.running import System


@pytest.fixture(scope="module")
def config(system: System) -> dict[str, Any]:
    answer: dict[str, Any] = system.client.get(f"{system.address('page')}/config.json").json()
    return answer


@pytest.fixture(scope="module")
def headers(system: System, config: dict[str, Any]) -> dict[str, str]:
    """The headers of the user whose sign-in the page offers, in a session of the page's own."""
    answer = system.client.post(
        f"{config['supabase_url']}/auth/v1/token?grant_type=password",
        headers={"apikey": config["supabase_publishable_key"], "Origin": system.address("page")},
        json=config["demo_sign_in"],
    )
    assert answer.headers["access-control-allow-origin"] == "*"
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def test_page_and_its_scripts_load(system: System) -> None:
    page = system.client.get(f"{system.address('page')}/shelf")
    assert page.status_code == 200
    (script,) = [
        part.partition('"')[0] for part in page.text.split('src="')[1:] if part.startswith("/assets/")
    ]
    answer = system.client.get(f"{system.address('page')}{script}")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"


def test_policy_names_the_systems_addresses(system: System, config: dict[str, Any]) -> None:
    policy = system.client.get(system.address("page")).headers["content-security-policy"]
    sources = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert sources["connect-src"].split() == ["'self'", config["supabase_url"], system.address("emulator")]


def test_page_reaches_the_api(system: System, config: dict[str, Any], headers: dict[str, str]) -> None:
    api = f"{system.address('page')}{config['api']}"
    assert system.client.get(f"{api}/reports").status_code == 401
    assert "reports" in system.client.get(f"{api}/reports?limit=1", headers=headers).json()
    missing = system.client.get(f"{api}/reports/01ARZ3NDEKTSV4RRFFQ69G5FAV", headers=headers)
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


def test_report_through_the_page(
    system: System, config: dict[str, Any], headers: dict[str, str], photo: Path
) -> None:
    api = f"{system.address('page')}{config['api']}"
    files = {"images": (photo.name, photo.read_bytes(), "image/jpeg")}
    posted = system.client.post(f"{api}/analyze", headers={**headers, "Prefer": "wait=1"}, files=files)
    assert posted.status_code in (200, 202)
    report = f"{api}/reports/{posted.json()['id']}"
    ended = system.client.get(report, headers={**headers, "Prefer": "wait=20"}).json()
    assert ended["status"] == "succeeded"
    source = httpx2.URL(ended["photos"][0]["url"])
    assert f"{source.scheme}://{source.netloc.decode()}" == system.address("emulator")
    assert system.client.get(source).status_code == 200
    assert system.client.delete(report, headers=headers).status_code in (200, 204)


def test_bucket_takes_uploads_from_the_page(
    system: System, config: dict[str, Any], headers: dict[str, str], photo: Path
) -> None:
    offer = system.client.post(f"{system.address('page')}{config['api']}/uploads", headers=headers).json()
    answer = system.client.post(
        offer["url"],
        headers={"Origin": system.address("page")},
        data={**offer["fields"], "Content-Type": "image/jpeg"},
        files={"file": (photo.name, photo.read_bytes(), "image/jpeg")},
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] in ("*", system.address("page"))
