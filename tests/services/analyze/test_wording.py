"""A corrected report is worded again by the LLM, once for the same facts, also under concurrent changes."""

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

import catalogue
from services.core.pipeline import rewording
from services.core.storage.corrections import Change
from services.core.storage.reports import Reports
from tests.services.analyze.conftest import World, client_of, without_links

Jpeg = Callable[..., bytes]
USAGE = {"prompt_tokens": 1000, "completion_tokens": 100}
# Of a vase with a crack: as the owner corrects the mug with a chip.
VASE = {"product": {"type": "vase"}, "condition": {"wear": ["crack"]}}
DRAFTS: dict[str, Any] = {
    "en": {
        "title": "Ceramic vase with a crack",
        "sentences": [
            {"text": "Please note that the vase has a crack.", "facts": ["kind", "mark1"]},
            {"text": "It is made of ceramic.", "facts": ["material"]},
        ],
    },
    "fr": {
        "title": "Vase en céramique avec une fissure",
        "sentences": [{"text": "Ce vase présente une fissure.", "facts": ["kind", "mark1"]}],
    },
}


class Llm:
    """Answers with drafts once it is switched on; `hold` lets a test act while it works."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self.on = True
        self.usage: dict[str, int] | None = USAGE
        self.entered, self.hold = threading.Event(), threading.Event()
        self.hold.set()
        monkeypatch.setattr(world, "answer_llm", self.answer)

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        self.calls.append(asked["messages"][-1]["content"])
        self.entered.set()
        await asyncio.to_thread(self.hold.wait, 5)
        if not self.on:
            return httpx2.Response(503)
        languages = asked["response_format"]["json_schema"]["schema"]["required"]
        content = json.dumps({language: DRAFTS[language] for language in languages})
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        return httpx2.Response(200, json={"choices": [choice], "usage": self.usage})


@pytest.fixture
def llm(world: World, monkeypatch: pytest.MonkeyPatch) -> Llm:
    return Llm(world, monkeypatch)


@pytest.fixture
def made(llm: Llm, client: TestClient, jpeg: Jpeg) -> dict[str, Any]:
    """A report in both languages that the template has worded, since the LLM was away."""
    llm.on = False
    answer = client.post("/analyze", files={"images": jpeg()}, data={"languages": "en,fr"})
    llm.on = True
    llm.calls.clear()
    report: dict[str, Any] = answer.json()
    assert (answer.status_code, report["narrative"]) == (200, "template")
    return report


@pytest.fixture
def vase(client: TestClient, made: dict[str, Any]) -> dict[str, Any]:
    """The report as its owner has corrected its facts."""
    return patched(client, made, VASE)


def patched(client: TestClient, report: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    answer = client.patch(f"/reports/{report['id']}", json=body)
    assert answer.status_code == 200
    corrected: dict[str, Any] = answer.json()
    return corrected


def word(client: TestClient, report: dict[str, Any], **headers: str) -> Any:
    return client.post(f"/reports/{report['id']}/wording", headers=headers)


def worded(client: TestClient, report: dict[str, Any]) -> dict[str, Any]:
    answer = word(client, report)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def read(client: TestClient, report: dict[str, Any]) -> dict[str, Any]:
    return without_links(client.get(f"/reports/{report['id']}").json())


def test_corrected_facts_are_worded(client: TestClient, llm: Llm, vase: dict[str, Any]) -> None:
    report = worded(client, vase)
    (asked,) = llm.calls
    assert "vase" in asked and "crack" in asked and "mug" not in asked and "chip" not in asked
    assert report["title"] == "Ceramic vase with a crack"
    assert report["description"].startswith("Please note that the vase has a crack.")
    assert report["narrative"] in ("llm", "mixed")
    assert report["model"]["llm"] == "m"
    french = report["translations"]["fr"]
    assert french["title"] == "Vase en céramique avec une fissure"
    assert french["labels"] == vase["translations"]["fr"]["labels"]
    # Only the words change.
    words = {"title", "description", "narrative", "model", "translations", "cost_usd"}
    kept = set(without_links(vase)) - words
    assert {name: report[name] for name in kept} == {name: vase[name] for name in kept}
    assert read(client, vase) == without_links(report)


def test_tokens_are_added_to_the_cost(client: TestClient, llm: Llm, vase: dict[str, Any]) -> None:
    # 1,000 tokens read at 0.1 USD per million, 100 written at 0.5.
    assert worded(client, vase)["cost_usd"] == pytest.approx(vase["cost_usd"] + 0.00015, abs=1e-6)


def test_unknown_tokens_make_the_cost_unknown(client: TestClient, llm: Llm, vase: dict[str, Any]) -> None:
    llm.usage = None
    assert worded(client, vase)["cost_usd"] is None


def test_same_facts_are_billed_once(client: TestClient, llm: Llm, vase: dict[str, Any]) -> None:
    first = worded(client, vase)
    assert without_links(worded(client, vase)) == without_links(first)
    assert len(llm.calls) == 1


def test_uncorrected_template_is_worded(client: TestClient, llm: Llm, made: dict[str, Any]) -> None:
    report = worded(client, made)
    assert report["corrections"] is None
    # The drafts are about another thing, and must not be printed.
    assert "vase" not in json.dumps([report["title"], report["description"], report["translations"]])
    assert "chip" in report["description"]
    assert len(llm.calls) == 1


def test_report_of_another_catalogue_is_worded(
    world: World, llm: Llm, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "rocking_chair" not in world.catalogue.kinds
    chair = {"en": "A second-hand rocking chair.", "fr": "Un fauteuil à bascule d'occasion."}
    for language, text in chair.items():
        draft = {"title": text.rstrip("."), "sentences": [{"text": text, "facts": ["kind"]}]}
        monkeypatch.setitem(DRAFTS, language, draft)
    served, world.catalogue = world.catalogue, catalogue.load(catalogue.SECOND_HAND)
    llm.on = False
    with client_of(world) as client:
        form = {"languages": "en,fr"}
        report = client.post("/analyze", files={"images": jpeg()}, data=form).json()
        patched(client, report, {"product": {"type": "rocking_chair"}})
    world.catalogue, llm.on = served, True
    with client_of(world) as client:
        found = worded(client, report)
    assert found["title"] == "A second-hand rocking chair"
    assert found["description"].startswith(chair["en"])
    assert found["translations"]["fr"]["title"] == "Un fauteuil à bascule d'occasion"
    assert found["translations"]["fr"]["description"].startswith(chair["fr"])


class TestCorrectedAfterwards:
    def test_other_facts_are_the_templates(self, client: TestClient, llm: Llm, vase: dict[str, Any]) -> None:
        worded(client, vase)
        report = patched(client, vase, {"condition": {"wear": ["crack", "stain"]}})
        assert (report["narrative"], report["model"]["llm"]) == ("template", None)
        assert "stain" in report["description"]
        assert report["translations"]["fr"]["narrative"] == "template"
        worded(client, vase)
        assert len(llm.calls) == 2

    def test_title_leaves_the_words(self, client: TestClient, llm: Llm, vase: dict[str, Any]) -> None:
        description = worded(client, vase)["description"]
        report = patched(client, vase, {"title": "Mine"})
        assert (report["title"], report["description"]) == ("Mine", description)
        assert patched(client, vase, {"title": None})["title"] == "Ceramic vase with a crack"
        assert len(llm.calls) == 1

    def test_owners_words_stay(self, client: TestClient, llm: Llm, vase: dict[str, Any]) -> None:
        patched(client, vase, {"title": "Mine", "description": "My own words."})
        report = worded(client, vase)
        assert (report["title"], report["description"]) == ("Mine", "My own words.")
        # They are of the first language only.
        assert report["translations"]["fr"]["title"] == "Vase en céramique avec une fissure"

    def test_nothing_is_asked_for_words_that_none_sees(
        self, client: TestClient, llm: Llm, jpeg: Jpeg
    ) -> None:
        llm.on = False
        report = client.post("/analyze", files={"images": jpeg()}).json()
        llm.calls.clear()
        patched(client, report, {"title": "Mine", "description": "My own words."})
        assert worded(client, report)["title"] == "Mine"
        assert llm.calls == []

    def test_removed_corrections_restore_the_report(
        self, client: TestClient, llm: Llm, made: dict[str, Any]
    ) -> None:
        patched(client, made, VASE)
        worded(client, made)
        report = patched(client, made, {"product": None, "condition": None})
        # What was paid for the words stays paid.
        assert report.pop("cost_usd") > made["cost_usd"]
        expected = without_links(made)
        del expected["cost_usd"]
        assert without_links(report) == expected


class TestLlmAway:
    def test_template_answers(self, client: TestClient, llm: Llm, vase: dict[str, Any]) -> None:
        llm.on = False
        report = worded(client, vase)
        assert without_links(report) == without_links(vase)
        assert report["narrative"] == "template"

    def test_next_call_asks_again(self, client: TestClient, llm: Llm, vase: dict[str, Any]) -> None:
        llm.on = False
        worded(client, vase)
        llm.on = True
        assert worded(client, vase)["title"] == "Ceramic vase with a crack"

    def test_calls_are_bounded(
        self, client: TestClient, llm: Llm, vase: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert rewording.MOST_REWORDINGS == 20
        monkeypatch.setattr(rewording, "MOST_REWORDINGS", 2)
        llm.on = False
        for _ in range(2):
            worded(client, vase)
        # A correction does not start the count again, nor does taking all of them away.
        patched(client, vase, {"product": None, "condition": None})
        llm.on = True
        answer = word(client, vase)
        assert (answer.status_code, answer.json()["title"]) == (409, "Wording refused")
        assert "2 times" in answer.json()["detail"] and "PATCH" in answer.json()["detail"]
        assert "retry-after" not in answer.headers
        assert len(llm.calls) == 2


class TestMeanwhile:
    """What happens while the LLM works."""

    @pytest.fixture
    def wording(self, client: TestClient, llm: Llm, vase: dict[str, Any]) -> Any:
        """A request that waits for the LLM; `result()` is its answer, once the LLM goes on."""
        llm.entered.clear()
        llm.hold.clear()
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(word, client, vase)
            assert llm.entered.wait(5)
            yield future
            llm.hold.set()

    def test_correction_of_facts_wins(
        self, client: TestClient, llm: Llm, vase: dict[str, Any], wording: Any
    ) -> None:
        lamp = patched(client, vase, {"product": {"type": "lamp"}})
        llm.hold.set()
        answer = wording.result()
        assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
        assert "corrected while it was being worded" in answer.json()["detail"]
        after = read(client, vase)
        assert (after["product"]["type"], after["title"]) == ("lamp", lamp["title"])
        # The LLM has billed its words all the same.
        assert after["cost_usd"] > vase["cost_usd"]

    def test_correction_of_the_title_is_kept(
        self, client: TestClient, llm: Llm, vase: dict[str, Any], wording: Any
    ) -> None:
        patched(client, vase, {"title": "Mine"})
        llm.hold.set()
        report = wording.result().json()
        assert report["title"] == "Mine"
        assert report["description"].startswith("Please note that the vase has a crack.")

    def test_report_is_readable(
        self, client: TestClient, llm: Llm, vase: dict[str, Any], wording: Any
    ) -> None:
        during = read(client, vase)
        assert during.pop("cost_usd") is None  # not known yet
        expected = without_links(vase)
        del expected["cost_usd"]
        assert during == expected

    def test_erased_report_is_not_found(
        self, client: TestClient, world: World, llm: Llm, vase: dict[str, Any], wording: Any
    ) -> None:
        assert client.delete(f"/reports/{vase['id']}").status_code == 200
        llm.hold.set()
        assert wording.result().status_code == 404
        assert client.get(f"/reports/{vase['id']}").status_code == 404


def test_ended_process_leaves_the_report(
    client: TestClient, llm: Llm, vase: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    correct, calls = Reports.correct, [0]

    def end_before_the_second(self: Reports, owner: str, report_id: str, change: Change) -> Any:
        calls[0] += 1
        if calls[0] == 2:
            raise RuntimeError("killed")
        return correct(self, owner, report_id, change)

    monkeypatch.setattr(Reports, "correct", end_before_the_second)
    assert word(client, vase).status_code == 500
    after, before = read(client, vase), without_links(vase)
    # It is unknown what the LLM has billed.
    assert (after.pop("cost_usd"), before.pop("cost_usd")) == (None, vase["cost_usd"])
    assert after == before
    assert worded(client, vase)["title"] == "Ceramic vase with a crack"


def test_other_users_report_is_not_worded(client: TestClient, llm: Llm, vase: dict[str, Any]) -> None:
    assert word(client, vase, Authorization="Bearer token-of-mallory").status_code == 404
    assert word(client, {"id": "0" * 26}).status_code == 404
    assert word(client, {"id": "nonsense"}).status_code == 422
    assert llm.calls == []


def test_only_a_succeeded_report_is_worded(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.open.clear()
    running = client.post("/analyze", files={"images": jpeg()}, headers={"Prefer": "respond-async"}).json()
    answer = word(client, running)
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "5")
    assert "worded again; this one is running" in answer.json()["detail"]
    world.open.set()
