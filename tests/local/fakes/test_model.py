"""The model server around handlers of the test's own: its answers, its errors and its log."""

import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from local.fakes.model import model_folder
from model_artifacts.blip2.server.app import create_app
from model_artifacts.blip2.server.handlers import Answer, load

HANDLERS = """
import json
from pathlib import Path
from sagemaker_inference.errors import BaseInferenceToolkitError

def model_fn(model_dir):
    return (Path(model_dir) / "name").read_text()

def input_fn(request_body, content_type):
    assert isinstance(request_body, str)
    document = json.loads(request_body)
    if "photos" not in document:
        raise BaseInferenceToolkitError(400, "photos: missing", "photos: missing")
    return document["photos"]

def predict_fn(data, model):
    return {"share": 1 / data, "model": model}

def output_fn(prediction, accept):
    return json.dumps(prediction), accept
"""


@pytest.fixture
def container(tmp_path: Path) -> Iterator[TestClient]:
    # The toolkit imports `inference` by that name, from a path of the process: both are put back.
    path, former = list(sys.path), sys.modules.pop("inference", None)
    (tmp_path / "inference.py").write_text(HANDLERS)
    (tmp_path / "name").write_text("test model")
    handlers = load(tmp_path, tmp_path)
    yield TestClient(create_app(handlers, state=handlers.state))
    sys.path[:] = path
    sys.modules.pop("inference", None)
    if former:
        sys.modules["inference"] = former


@pytest.mark.parametrize("path", ["/ping", "/healthz"])
def test_loaded_handlers_are_healthy(container: TestClient, path: str) -> None:
    assert container.get(path).status_code == 200


def test_ping_says_what_handlers_say(container: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert container.get("/ping").text == "ready"

    said = iter(["2 graphs", "3 graphs"])
    monkeypatch.setattr(sys.modules["inference"], "state", lambda m: f"{m}: {next(said)}", raising=False)

    assert [container.get("/ping").text for _ in range(2)] == ["test model: 2 graphs", "test model: 3 graphs"]


def test_handlers_answer_requests(container: TestClient) -> None:
    answer = container.post("/invocations", json={"photos": 2})
    assert answer.json() == {"share": 0.5, "model": "test model"}
    assert answer.headers["content-type"] == "application/json"


def test_refusal_of_handlers_is_passed_on(container: TestClient) -> None:
    answer = container.post("/invocations", json={})
    assert (answer.status_code, answer.text) == (400, "photos: missing")


def test_traceback_stays_in_the_log(container: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = container.post("/invocations", json={"photos": 0})
    assert answer.status_code == 500
    assert answer.text == "The model failed on this request; its log says why."
    assert "ZeroDivisionError" in caplog.text
    assert container.post("/invocations", json={"photos": 1}).status_code == 200


def test_body_over_limit_is_refused(container: TestClient) -> None:
    assert container.post("/invocations", content=b"0" * 6_553_501).status_code == 413


def test_unloadable_model_never_answers(tmp_path: Path, container: TestClient) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path, tmp_path / "nowhere")


def test_requests_are_processed_one_by_one() -> None:
    active, most = 0, 0
    lock = threading.Lock()

    def invoke(body: bytes, headers: Mapping[str, str]) -> Answer:
        nonlocal active, most
        with lock:
            active += 1
            most = max(most, active)
        time.sleep(0.02)
        with lock:
            active -= 1
        return Answer(200, b"{}", "application/json")

    with TestClient(create_app(invoke)) as container, ThreadPoolExecutor(4) as callers:
        answers = list(callers.map(lambda _: container.post("/invocations", content=b""), range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert most == 1


def test_model_can_be_a_folder(tmp_path: Path) -> None:
    assert model_folder(str(tmp_path)) == tmp_path.resolve()


@pytest.mark.parametrize("model", ["~/no-such-folder", "./no-such", "blip2", "a/b/c"])
def test_invalid_model_is_named(model: str) -> None:
    with pytest.raises(SystemExit, match="neither a folder nor a hub id"):
        model_folder(model)
