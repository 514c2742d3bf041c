"""A photo becomes a report, which only its owner can read."""

import csv
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from PIL import Image

from catalogue import DRAWN, load
from tests.system.running import System

EXAMPLES = Path(__file__).parents[2] / "examples" / "photos"


@pytest.fixture(scope="module")
def report_id(system: System, photo: Path) -> str:
    answer = system.analyze(photo, "anna")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def test_posted_photo_becomes_a_report(system: System, photo: Path) -> None:
    answer = system.analyze(photo)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report["status"] == "succeeded"
    assert report["title"] and report["description"]


def test_photo_of_nothing_is_not_assessed(system: System, photo: Path) -> None:
    report = system.analyze(photo).json()
    assert report["product"].items() >= {"type": "unknown", "material": "unknown"}.items()
    assert report["condition"] == {
        "status": "not_assessed",
        "score": None,
        "grade": None,
        "wear": [],
        "source": "model",
    }
    assert report["confidence"] == {"level": "low", "reasons": ["blank", "not_recognised"]}


def test_drawn_mug_is_assessed(system: System) -> None:
    report = system.analyze(EXAMPLES / "drawn-mug.jpg").json()
    assert report["product"].items() >= {"type": "mug", "material": "ceramic"}.items()
    assert report["model"]["catalogue"] == load(DRAWN).version
    assert report["model"]["calibrated"]
    assert (report["condition"]["score"], report["confidence"]["level"]) == (8, "high")
    # The stand-in's title, in which nothing is wrong, above the template's sentences.
    assert (report["narrative"], report["title"]) == ("mixed", "Ceramic mug")


def test_gateway_passes_headers_on(system: System, photo: Path) -> None:
    assert "narrate;dur=" in system.analyze(photo).headers["server-timing"]


def test_gateway_passes_problem_documents_on(system: System) -> None:
    answer = system.client.get(
        f"{system.api_url}/reports/01ARZ3NDEKTSV4RRFFQ69G5FAV", headers=system.headers("anna")
    )
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_owner_reads_report_again(system: System, report_id: str) -> None:
    answer = system.client.get(f"{system.api_url}/reports/{report_id}", headers=system.headers("anna"))
    assert (answer.status_code, answer.json()["id"]) == (200, report_id)


def test_owner_finds_and_exports_reports(system: System) -> None:
    report_id = system.analyze(EXAMPLES / "drawn-mug.jpg", "anna").json()["id"]
    url, headers = f"{system.api_url}/reports", system.headers("anna")
    found = system.client.get(url, headers=headers, params={"search": "CÉRAMIC mug"}).json()
    assert report_id in [each["id"] for each in found["reports"]]
    ids = ",".join(each["id"] for each in found["reports"])
    query = {"ids": ids, "format": "csv", "layout": "facebook"}
    rows = csv.DictReader(StringIO(system.client.get(url, headers=headers, params=query).text, newline=""))
    assert ",".join(row["id"] for row in rows) == ids
    assert system.client.get(url, headers=system.headers("boris"), params=query).status_code == 404


def test_catalogue_is_kept_by_the_client(system: System) -> None:
    url, headers = f"{system.api_url}/catalogue?language=fr", system.headers("anna")
    first = system.client.get(url, headers=headers)
    assert {"id": "mug", "name": "tasse"} in first.json()["departments"][0]["kinds"]
    again = system.client.get(url, headers={**headers, "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_links_show_the_photos(system: System, report_id: str) -> None:
    report = system.client.get(f"{system.api_url}/reports/{report_id}", headers=system.headers("anna")).json()
    (photo,) = report["photos"]
    # As a page's <img> does: no token.
    answer = system.client.get(photo["url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(BytesIO(answer.content)).size == (photo["width"], photo["height"])


def test_owner_corrects_the_report(system: System, report_id: str) -> None:
    url, headers = f"{system.api_url}/reports/{report_id}", system.headers("anna")
    corrected = system.client.patch(url, headers=headers, json={"title": "My mug", "condition": {"score": 7}})
    assert (corrected.status_code, corrected.json()["title"]) == (200, "My mug")
    assert system.client.get(url, headers=headers).json()["condition"]["grade"] == "fair"
    restored = system.client.patch(url, headers=headers, json={"title": None, "condition": None}).json()
    assert restored["corrections"] is None


def test_corrected_report_is_worded_again(system: System) -> None:
    report = system.analyze(EXAMPLES / "drawn-mug.jpg", "anna").json()
    url, headers = f"{system.api_url}/reports/{report['id']}", system.headers("anna")
    corrected = system.client.patch(url, headers=headers, json={"product": {"type": "vase"}}).json()
    assert corrected["narrative"] == "template"
    worded = system.client.post(f"{url}/wording", headers=headers)
    assert worded.status_code == 200, worded.text
    assert worded.json()["narrative"] == "mixed"
    assert worded.json()["product"]["sources"]["type"] == "owner"
    assert "vase" in worded.json()["title"].lower() and "mug" not in worded.json()["description"]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_other_users_get_404(system: System, report_id: str, method: str) -> None:
    url = f"{system.api_url}/reports/{report_id}"
    body = {"title": "x"} if method == "PATCH" else None
    answer = system.client.request(method, url, headers=system.headers("boris"), json=body)
    assert answer.status_code == 404
    assert system.client.get(url, headers=system.headers("anna")).status_code == 200
