import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.testclient import TestClient

from tests.services.analyze.conftest import World, without_links
from tests.services.analyze.test_jobs import waiting
from tests.services.conftest import TABLE

Jpeg = Callable[..., bytes]


def post(client: TestClient, *photos: bytes, **headers: str) -> Any:
    files = [("images", (f"{number}.jpg", photo, "image/jpeg")) for number, photo in enumerate(photos)]
    return client.post("/analyze", files=files, headers={k.replace("_", "-"): v for k, v in headers.items()})


def test_photo_gives_a_report(client: TestClient, jpeg: Jpeg) -> None:
    answer = post(client, jpeg())
    assert answer.status_code == 200
    report = answer.json()
    assert (report["product"]["type"], report["product"]["material"]) == ("mug", "ceramic")
    assert report["condition"]["score"] == 8
    assert report["narrative"] == "template"
    assert report["cost_usd"] > 0


def test_report_is_a_listing(client: TestClient, jpeg: Jpeg) -> None:
    report = post(client, jpeg(), accept_language="fr").json()
    labels, listing = report["labels"], report["listing"]
    assert (labels["type"], labels["material"], labels["grade"]) == ("tasse", "céramique", "bon")
    assert labels["wear"] == {"chip": "ébréchure"}
    # The catalogue's question, in words of the report's language.
    assert report["evidence"][0]["question"] == "what is this?"
    assert labels["evidence"][0] == {"question": "Qu'est-ce que c'est ?", "answer": "tasse"}
    assert len(labels["evidence"]) == len(report["evidence"])
    assert report["keywords"][0] == "tasse" and report["keywords"][-1] == "d'occasion"
    # The drawn catalogue says that a mug is of Google's category 2169.
    assert listing["category"]["number"] == 2169
    assert listing["condition"] == {
        "schema_org": "UsedCondition",
        "google": "used",
        "facebook": "used_good",
        "ebay": 3000,
    }
    # The drawn catalogue asks about no colours.
    assert listing["specifics"] == {"Brand": None, "Type": "tasse", "Color": None, "Material": "céramique"}


def test_two_languages_are_two_texts(client: TestClient, jpeg: Jpeg) -> None:
    files = {"images": jpeg()}
    report = client.post("/analyze", files=files, data={"languages": "fr,en"}).json()
    assert report["translations"].keys() == {"en"}
    english = report["translations"]["en"]
    assert "ébréchure" in report["description"] and "chip" in english["description"]
    assert (english["labels"]["type"], english["keywords"][0]) == ("mug", "mug")
    assert english["title"] != report["title"] and english["narrative"] == "template"
    # What is corrected is so in each language.
    patched = client.patch(f"/reports/{report['id']}", json={"product": {"material": "glass"}}).json()
    assert "verre" in patched["title"] and "glass" in patched["translations"]["en"]["title"]
    assert client.get("/reports").json()["reports"][0]["translations"] == patched["translations"]


def test_report_of_an_earlier_release_is_answered(client: TestClient, world: World, jpeg: Jpeg) -> None:
    made = post(client, jpeg()).json()
    key = {"pk": {"S": "user#alice"}, "sk": {"S": f"report#{made['id']}"}}
    stored = json.loads(world.dynamodb.get_item(TableName=TABLE, Key=key)["Item"]["report"]["S"])
    for name in ("keywords", "labels", "translations", "listing", "languages"):
        del stored[name]
    del stored["product"]["sources"], stored["condition"]["source"], stored["condition"]["wear"][0]["source"]
    world.dynamodb.update_item(
        TableName=TABLE,
        Key=key,
        UpdateExpression="SET report = :old",
        ExpressionAttributeValues={":old": {"S": json.dumps(stored)}},
    )
    report = client.get(f"/reports/{made['id']}").json()
    assert (report["title"], report["labels"], report["listing"]) == (made["title"], None, None)
    assert (report["keywords"], report["translations"]) == ([], {})
    patch = client.patch(f"/reports/{made['id']}", json={"product": {"material": "glass"}}).json()
    assert patch["labels"]["material"] == patch["listing"]["specifics"]["Material"] == "glass"


def test_server_timing_names_the_stages(client: TestClient, jpeg: Jpeg) -> None:
    stages = [stage.split(";")[0] for stage in post(client, jpeg()).headers["server-timing"].split(", ")]
    assert stages == ["photo", "accept", "model", "narrate"]


def test_eight_photos_are_one_model_call(client: TestClient, world: World, jpeg: Jpeg) -> None:
    assert post(client, *(jpeg(shade) for shade in range(8))).status_code == 200
    assert world.model_calls == 1
    assert len(world.kept()) == 8


def test_photos_are_stored_by_owner(client: TestClient, world: World, jpeg: Jpeg) -> None:
    report = post(client, jpeg()).json()
    assert world.kept() == [f"photos/alice/{report['id']}/1.jpg"]


def test_french_is_answered_in_french(client: TestClient, jpeg: Jpeg) -> None:
    assert "ébréchure" in post(client, jpeg(), accept_language="fr-CA").json()["description"]


def test_repeated_key_returns_same_report(client: TestClient, world: World, jpeg: Jpeg) -> None:
    first = post(client, jpeg(), idempotency_key="k1")
    again = post(client, jpeg(), idempotency_key="k1")
    assert without_links(again.json()) == without_links(first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert world.model_calls == 1
    assert len(world.kept()) == 1


def test_reused_key_is_refused(client: TestClient, jpeg: Jpeg) -> None:
    post(client, jpeg(), idempotency_key="k1")
    answer = post(client, jpeg(7), idempotency_key="k1")
    assert (answer.status_code, answer.json()["title"]) == (422, "Idempotency key reused")


def test_concurrent_key_returns_same_report(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.open.clear()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(post, client, jpeg(), idempotency_key="k1")
        assert world.entered.wait(30)
        second = post(client, jpeg(), idempotency_key="k1", prefer="respond-async")
        world.open.set()
        assert first.result().status_code == 200
    assert (second.status_code, second.json()["status"]) == (202, "running")
    assert second.headers["location"] == f"reports/{first.result().json()['id']}"
    assert world.model_calls == 1


def test_exhausted_quota_is_429(client: TestClient, world: World, jpeg: Jpeg) -> None:
    for _ in range(4):
        assert post(client, jpeg()).status_code == 200
    answer = post(client, jpeg())
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 86_400
    assert len(world.kept()) == 4
    assert world.model_calls == 4


def test_invalid_model_answer_is_retried(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.body = b'{"kinds": [], "caption": "", "artifact": ""}'
    report = waiting(client, jpeg())
    assert report["status"] == "queued"
    assert "cannot be used" in report["waiting"]


def test_refused_content_is_502(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.status, world.body = 424, b'{"__type": "ModelError", "OriginalStatusCode": 422}'
    answer = post(client, jpeg())
    assert (answer.status_code, answer.json()["code"]) == (502, "model_refused")
    assert client.get("/reports").json()["reports"][0]["failure"]["code"] == "model_refused"


def test_other_users_report_is_404(client: TestClient, jpeg: Jpeg) -> None:
    path = f"/reports/{post(client, jpeg()).json()['id']}"
    mallory = {"Authorization": "Bearer token-of-mallory"}
    assert client.get(path).status_code == 200
    assert client.get(path, headers=mallory).status_code == 404
    assert client.delete(path, headers=mallory).status_code == 404
    assert client.get("/reports", headers=mallory).json() == {"reports": [], "next": None}


def test_erasing_leaves_nothing(client: TestClient, world: World, jpeg: Jpeg) -> None:
    path = f"/reports/{post(client, jpeg(), idempotency_key='k1').json()['id']}"
    assert client.delete(path).status_code == 200
    assert world.kept() == []
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404
    assert post(client, jpeg(), idempotency_key="k1").status_code == 200


def test_erasing_a_running_report_leaves_nothing(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.open.clear()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(post, client, jpeg())
        assert world.entered.wait(30)
        (report,) = client.get("/reports").json()["reports"]
        assert report["status"] == "running"
        assert client.delete(f"/reports/{report['id']}").status_code == 200
        world.open.set()
        assert answer.result().status_code == 404
    assert world.kept() == []
    assert client.get("/reports").json()["reports"] == []


def test_pages_are_newest_first(client: TestClient, jpeg: Jpeg) -> None:
    ids = [post(client, jpeg(shade)).json()["id"] for shade in range(3)]
    first = client.get("/reports", params={"limit": 2}).json()
    rest = client.get("/reports", params={"limit": 2, "before": first["next"]}).json()
    assert [report["id"] for report in first["reports"] + rest["reports"]] == ids[::-1]
    assert rest["next"] is None


def test_unavailable_store_is_503(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.dynamodb.delete_table(TableName="reports")
    answer = post(client, jpeg())
    assert (answer.status_code, answer.json()["title"]) == (503, "Storage unavailable")
    assert answer.headers["retry-after"]
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["parts"]["reports"]) == (503, "down")
    assert client.get("/healthz").status_code == 200
