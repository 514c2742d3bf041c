from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from model_artifacts.blip2.server.__main__ import main
from model_artifacts.blip2.server.app import create_app
from model_artifacts.blip2.server.batching import Batcher, Batching
from model_artifacts.blip2.server.handlers import Answer, NoBatchHandlerError, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

HANDLERS = """
import json
from sagemaker_inference.errors import BaseInferenceToolkitError

def model_fn(model_dir):
    return "model"

def input_fn(request_body, content_type):
    document = json.loads(request_body)
    if "share" not in document:
        raise BaseInferenceToolkitError(400, "share: missing", "share: missing")
    return document["share"]

def predict_fn(data, model):
    return predict_batch([data], model)[0]

def output_fn(prediction, accept):
    if accept == "text/csv":
        raise BaseInferenceToolkitError(406, "only JSON", "only JSON")
    return json.dumps(prediction), accept
"""
TOGETHER = """
def predict_batch(data, model):
    return [
        BaseInferenceToolkitError(400, "share: too large", "share: too large") if share > 9
        else {"share": 1 / share, "together": len(data)}
        for share in data
    ]
"""
LONG_S = 60
"""Tests do not wait so long: a full batch starts at once."""


@pytest.fixture
def code(tmp_path: Path) -> Iterator[Path]:
    # The toolkit imports `inference` by that name, from a path of the process: both are put back.
    path, former = list(sys.path), sys.modules.pop("inference", None)
    (tmp_path / "inference.py").write_text(HANDLERS + TOGETHER)
    yield tmp_path
    sys.path[:] = path
    sys.modules.pop("inference", None)
    if former:
        sys.modules["inference"] = former


@pytest.fixture
def container(code: Path) -> Iterator[TestClient]:
    handlers = load(code, code, batching=True)
    with TestClient(create_app(handlers, Batching(handlers.answer_batch, 3, LONG_S))) as client:
        yield client


def posted(container: TestClient, *documents: dict[str, Any], accept: str = "*/*") -> list[Any]:
    """The answers to requests that are sent at once."""
    with ThreadPoolExecutor(len(documents)) as callers:
        return list(
            callers.map(
                lambda document: container.post("/invocations", json=document, headers={"accept": accept}),
                documents,
            )
        )


def test_waiting_requests_share_a_prediction(
    container: TestClient,
) -> None:
    answers = posted(container, {"share": 1}, {"share": 2}, {"share": 4})

    assert [answer.json() for answer in answers] == [
        {"share": share, "together": 3} for share in (1, 0.5, 0.25)
    ]
    assert {answer.headers["content-type"] for answer in answers} == {"application/json"}


def test_refusal_reaches_its_caller_only(container: TestClient) -> None:
    answers = posted(container, {}, {"share": 10}, {"share": 2})

    assert [(answer.status_code, answer.text) for answer in answers[:2]] == [
        (400, "share: missing"),
        (400, "share: too large"),
    ]
    assert answers[2].json() == {"share": 0.5, "together": 2}


def test_output_refusal_reaches_its_caller(container: TestClient) -> None:
    answers = posted(container, *[{"share": 1}] * 3, accept="text/csv")

    assert {(answer.status_code, answer.text) for answer in answers} == {(406, "only JSON")}


def test_failed_batch_is_retried_one_by_one(container: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    answers = posted(container, {"share": 0}, {"share": 2}, {"share": 4})

    assert [answer.status_code for answer in answers] == [500, 200, 200]
    assert answers[0].text == "The model failed on this request; its log says why."
    assert answers[2].json() == {"share": 0.25, "together": 1}
    assert "ZeroDivisionError" in caplog.text


def test_too_large_body_is_refused(container: TestClient) -> None:
    assert container.post("/invocations", content=b"0" * 6_553_501).status_code == 413


def test_busy_worker_collects_a_batch() -> None:
    begun, free = threading.Event(), threading.Event()
    sizes = []

    def answer_batch(requests: Sequence[tuple[bytes, Mapping[str, str]]]) -> list[Answer]:
        sizes.append(len(requests))
        begun.set()
        free.wait(LONG_S)
        return [Answer(200, body, "text/plain") for body, _ in requests]

    async def three() -> list[Answer]:
        with ThreadPoolExecutor(1) as worker:
            batcher = Batcher(Batching(answer_batch, 8), worker)
            first = asyncio.create_task(batcher.answer(b"1", {}))
            await asyncio.to_thread(begun.wait, LONG_S)
            others = [asyncio.create_task(batcher.answer(body, {})) for body in (b"2", b"3")]
            await asyncio.sleep(0)
            free.set()
            return list(await asyncio.gather(first, *others))

    assert [answer.body for answer in asyncio.run(three())] == [b"1", b"2", b"3"]
    assert sizes == [1, 2]


def test_failed_worker_answers_every_request() -> None:
    def broken(requests: object) -> list[Answer]:
        raise MemoryError

    def unused(body: bytes, headers: Mapping[str, str]) -> Answer:
        raise AssertionError

    app = create_app(unused, Batching(broken, 2, 0.01))
    with TestClient(app, raise_server_exceptions=False) as client:
        alone = client.post("/invocations", content=b"")
        both = posted(client, {}, {})

    assert [(one.status_code, one.text) for one in (alone, *both)] == [(500, "Internal Server Error")] * 3


def test_handlers_without_batching_are_refused(code: Path) -> None:
    (code / "inference.py").write_text(HANDLERS)

    with pytest.raises(NoBatchHandlerError, match=r"inference\.py has no predict_batch"):
        load(code, code, batching=True)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("BATCH_UP_TO", "0", "--batch-up-to is 0; it is 1 to 32 requests"),
        ("BATCH_UP_TO", "many", "--batch-up-to: invalid int value: 'many'"),
        ("BATCH_WAIT_MS", "5000", "--batch-wait-ms is 5000; it is 0 to 1000 milliseconds"),
    ],
)
def test_invalid_limit_is_named(
    variable: str,
    value: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "argv", ["server"])

    with pytest.raises(SystemExit):
        main()

    assert said in capsys.readouterr().err
