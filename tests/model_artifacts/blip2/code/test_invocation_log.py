"""What AWS's model server logs of an invocation."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def log(inference: Any) -> Any:
    """The module, as the container imports it."""
    import invocation_log

    return invocation_log


def context(**headers: str) -> Any:
    """TorchServe's context of one request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SimpleNamespace(request_processor=[SimpleNamespace(get_request_properties=lambda: named)])


def test_prediction_continues_the_callers_trace(log: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with log.logged(context(X_Amzn_SageMaker_Custom_Attributes=f"traceparent=00-{TRACE}-{PARENT}-01")):
        pass
    line = json.loads(capsys.readouterr().out)
    assert (line["trace"], line["parent"], line["outcome"], line["service"]) == (
        TRACE,
        PARENT,
        "done",
        "model",
    )
    assert line["duration_ms"] >= 0


def test_line_names_the_deployment(
    log: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "prod")
    monkeypatch.setenv("VERSION", "0123456789ab")
    with log.logged(context(X_Amzn_SageMaker_Custom_Attributes=f"traceparent=00-{TRACE}-{PARENT}-01")):
        pass
    line = json.loads(capsys.readouterr().out)
    assert (line["environment"], line["version"]) == ("prod", "0123456789ab")


def test_failed_prediction_is_told_and_raised(log: Any, capsys: pytest.CaptureFixture[str]) -> None:
    given = context(X_Amzn_SageMaker_Custom_Attributes=f"traceparent=00-{TRACE}-{PARENT}-01")
    with pytest.raises(ZeroDivisionError), log.logged(given):
        raise ZeroDivisionError("what the caller sent")
    said = capsys.readouterr().out
    assert json.loads(said)["outcome"] == "failed"
    assert "what the caller sent" not in said


@pytest.mark.parametrize(
    "given",
    [
        None,
        context(),
        SimpleNamespace(request_processor=[]),
        context(X_Amzn_SageMaker_Custom_Attributes=f"traceparent=00-{'0' * 32}-{PARENT}-01"),
        context(X_Amzn_SageMaker_Custom_Attributes="c000b4f9"),
    ],
)
def test_without_a_trace_nothing_is_written(log: Any, capsys: pytest.CaptureFixture[str], given: Any) -> None:
    with log.logged(given):
        pass
    assert capsys.readouterr().out == ""
