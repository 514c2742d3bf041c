"""GET /reports with `search` and `ids`: the reports that a page looks for, or has chosen."""

import csv
from collections.abc import Callable
from io import StringIO

import pytest
from starlette.testclient import TestClient

Jpeg = Callable[..., bytes]
MISSING = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture
def posted(client: TestClient, jpeg: Jpeg) -> list[str]:
    """The ids of three reports about mugs, newest first; the second is in both languages."""
    forms: tuple[dict[str, str], ...] = ({}, {"languages": "en,fr"}, {})
    answers = [
        client.post("/analyze", files={"images": jpeg(shade)}, data=form)
        for shade, form in enumerate(forms, 1)
    ]
    return [answer.json()["id"] for answer in answers][::-1]


def found(client: TestClient, **query: str) -> list[str]:
    return [each["id"] for each in client.get("/reports", params=query).json()["reports"]]


def test_search_reads_every_language(client: TestClient, posted: list[str]) -> None:
    assert found(client, search="MUG ceramic") == posted
    assert found(client, search="ceramique") == [posted[1]]
    assert found(client, search="teapot") == []


def test_search_finds_corrected_words(client: TestClient, posted: list[str]) -> None:
    client.patch(f"/reports/{posted[0]}", json={"title": "Théière bleue"})
    assert found(client, search="theiere") == [posted[0]]


def test_search_has_links_to_its_pages(client: TestClient, posted: list[str]) -> None:
    first = client.get("/reports", params={"search": "mug", "limit": 2})
    assert first.json()["next"] == posted[1]
    following = client.get(first.links["next"]["url"])
    assert [each["id"] for each in following.json()["reports"]] == posted[2:]


def test_search_is_exported(client: TestClient, posted: list[str]) -> None:
    query = {"search": "céramique", "format": "csv", "layout": "facebook"}
    rows = csv.DictReader(StringIO(client.get("/reports", params=query).text, newline=""))
    assert [row["id"] for row in rows] == [posted[1]]


def test_chosen_reports_are_exported(client: TestClient, posted: list[str]) -> None:
    chosen = [posted[2], posted[0]]
    query = {"ids": ",".join(chosen), "format": "csv", "layout": "facebook"}
    answer = client.get("/reports", params=query)
    assert [row["id"] for row in csv.DictReader(StringIO(answer.text, newline=""))] == chosen
    assert "link" not in answer.headers


def test_chosen_reports_are_answered(client: TestClient, posted: list[str]) -> None:
    answer = client.get("/reports", params={"ids": posted[1]}).json()
    assert ([each["id"] for each in answer["reports"]], answer["next"]) == ([posted[1]], None)


@pytest.mark.parametrize("others", [False, True])
def test_missing_chosen_report_is_named(client: TestClient, posted: list[str], *, others: bool) -> None:
    headers = {"Authorization": "Bearer token-of-mallory"} if others else {}
    missing = posted[0] if others else MISSING
    answer = client.get("/reports", params={"ids": f"{missing}"}, headers=headers)
    assert (answer.status_code, answer.json()["report"]) == (404, missing)
    assert missing in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "field", "problem"),
    [
        ({"search": "…"}, "search", "no letter or digit"),
        ({"search": ""}, "search", "no letter or digit"),
        ({"search": "x" * 101}, "search", "at most 100 characters"),
        ({"ids": "x"}, "ids", "1 to 100 ids"),
        ({"ids": ""}, "ids", "1 to 100 ids"),
        ({"ids": ",".join([MISSING] * 101)}, "ids", "1 to 100 ids"),
        ({"ids": MISSING, "search": "mug"}, "ids", "beside `search`"),
        ({"ids": MISSING, "before": MISSING}, "ids", "beside `before`"),
        ({"ids": MISSING, "limit": "20"}, "ids", "beside `limit`"),
    ],
)
def test_wrong_choice_names_its_field(
    client: TestClient, query: dict[str, str], field: str, problem: str
) -> None:
    answer = client.get("/reports", params=query)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert problem in answer.json()["detail"]
