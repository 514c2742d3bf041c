import subprocess
import sys

import pytest
from pydantic import ValidationError

from services.analyze.dependencies import AnalyzeSettings
from settings.environment import load_environment
from settings.service_env import analyze_variables

SECRET = {"OPENAI_API_KEY": "sk-secret"}


def variables() -> dict[str, str]:
    names = {
        "reports_table": "reports",
        "image_bucket": "images",
        "image_key_id": "key",
        "jobs_queue_url": "https://queue/jobs",
        "exchange_bucket": "exchange",
    }
    return analyze_variables(load_environment("prod"), **names) | SECRET


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No variable of the service is set."""
    for name in AnalyzeSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_stack_variables_suffice(bare: pytest.MonkeyPatch) -> None:
    for name, value in variables().items():
        bare.setenv(name, value)
    assert AnalyzeSettings().model_endpoint == "blip2-endpoint"
    assert set(variables()) <= {name.upper() for name in AnalyzeSettings.model_fields}


def test_secret_does_not_show(bare: pytest.MonkeyPatch) -> None:
    for name, value in variables().items():
        bare.setenv(name, value)
    assert "sk-secret" not in repr(AnalyzeSettings())


def test_missing_variable_is_an_error(bare: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="reports_table"):
        AnalyzeSettings()


def test_wrong_variables_stop_start(bare: pytest.MonkeyPatch) -> None:
    given = variables() | {"TIME_BUDGET_S": "500", "IMAGE_BUCKET": ""}
    done = subprocess.run(
        [sys.executable, "-m", "services.analyze"], env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "TIME_BUDGET_S" in done.stderr
    assert "IMAGE_BUCKET" in done.stderr
    assert "Traceback" not in done.stderr
    assert "sk-secret" not in done.stderr


@pytest.mark.parametrize("key", ["sk-a\u200bb", "sk-a\nb", "   "])
def test_unprintable_key_is_an_error(bare: pytest.MonkeyPatch, key: str) -> None:
    for name, value in (variables() | {"OPENAI_API_KEY": key}).items():
        bare.setenv(name, value)
    with pytest.raises(ValidationError, match="openai_api_key") as refused:
        AnalyzeSettings()
    assert key not in str(refused.value.errors(include_input=False))


def test_key_is_stripped(bare: pytest.MonkeyPatch) -> None:
    for name, value in (variables() | {"OPENAI_API_KEY": " sk-a\n"}).items():
        bare.setenv(name, value)
    assert AnalyzeSettings().openai_api_key.get_secret_value() == "sk-a"
