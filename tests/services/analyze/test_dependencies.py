import pytest

from services.analyze.dependencies import AnalyzeSettings, build_dependencies
from settings.environment import load_environment
from settings.service_env import analyze_variables
from tests.services.core.auth.issuer import USER, running_issuer


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        "reports_table": "reports",
        "image_bucket": "images",
        "image_key_id": "key",
        "jobs_queue_url": "https://queue/jobs",
        "exchange_bucket": "exchange",
    }
    variables = analyze_variables(load_environment("prod"), **names)
    for name, value in {**variables, "OPENAI_API_KEY": "sk-a", "TIME_BUDGET_S": "21"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("named", [True, False])
def test_tokens_come_from_projects_issuer(monkeypatch: pytest.MonkeyPatch, named: bool) -> None:
    with running_issuer() as issuer:
        monkeypatch.setenv(
            "SUPABASE_URL", "http://elsewhere" if named else issuer.name.removesuffix("/auth/v1")
        )
        if named:
            monkeypatch.setenv("SUPABASE_ISSUER", issuer.name)
        verifier = build_dependencies(AnalyzeSettings()).verifier
        assert verifier.verify(issuer.token()) == USER
