"""GET /catalogue: the ids that a correction may name, with their words, kept by a browser."""

import pytest
from starlette.testclient import TestClient

from catalogue import Catalogue
from catalogue.model import Language
from services.analyze.catalogue_names import catalogue_names, written_names


def test_names_are_in_the_clients_language(client: TestClient) -> None:
    for query, header, name in (("", "fr-CA,fr;q=0.9", "tasse"), ("", "de", "mug"), ("en", "fr", "mug")):
        params = {"language": query} if query else {}
        answer = client.get("/catalogue", params=params, headers={"Accept-Language": header})
        (drawn,) = answer.json()["departments"]
        assert {"id": "mug", "name": name} in drawn["kinds"]
        assert answer.headers["vary"] == "Accept-Language"


def test_every_id_is_in_its_department(second_hand: Catalogue) -> None:
    names = catalogue_names(second_hand, "fr")
    assert names.version == second_hand.version
    assert [each.id for each in names.departments] == list(second_hand.departments)
    for each in names.departments:
        source = second_hand.departments[each.id]
        for named, entries in (
            (each.kinds, source.kinds),
            (each.materials, source.materials),
            (each.wear, source.wear),
        ):
            assert [one.id for one in named] == [entry.id for entry in entries]
    assert [one.id for one in names.colours] == [entry.id for entry in second_hand.colours]
    assert [one.id for one in names.patterns] == [entry.id for entry in second_hand.patterns]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_name_is_empty_or_an_id(second_hand: Catalogue, language: Language) -> None:
    for each in catalogue_names(second_hand, language).departments:
        for named in (*each.kinds, *each.materials, *each.wear):
            assert named.name.strip() == named.name != ""
            assert "_" not in named.name


def test_kept_names_are_not_sent_again(client: TestClient) -> None:
    first = client.get("/catalogue")
    assert first.headers["cache-control"] == "private, max-age=3600"
    etag = first.headers["etag"]
    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = client.get("/catalogue", headers={"If-None-Match": header})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get("/catalogue", headers={"If-None-Match": '"other"'}).status_code == 200


def test_tag_names_language_and_departments(second_hand: Catalogue) -> None:
    few = second_hand.select(["bags", "shoes"])
    tags = {
        written_names(catalogue, language).etag
        for catalogue in (second_hand, few)
        for language in ("en", "fr")
    }
    assert len(tags) == 4
    assert [each.id for each in catalogue_names(few, "en").departments] == ["bags", "shoes"]


def test_correction_takes_every_listed_id(client: TestClient, jpeg: object) -> None:
    assert callable(jpeg)
    report = client.post("/analyze", files={"images": jpeg()}).json()
    (drawn,) = client.get("/catalogue").json()["departments"]
    for kind in drawn["kinds"]:
        answer = client.patch(f"/reports/{report['id']}", json={"product": {"type": kind["id"]}})
        assert answer.json()["labels"]["type"] == kind["name"]


def test_unknown_language_is_refused(client: TestClient) -> None:
    problem = client.get("/catalogue", params={"language": "de"})
    assert (problem.status_code, problem.json()["field"]) == (422, "language")


def test_signed_out_caller_gets_401(client: TestClient) -> None:
    assert client.get("/catalogue", headers={"Authorization": ""}).status_code == 401
