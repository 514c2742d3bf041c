import pytest

from services.analyze.dependencies import AnalyzeSettings, build_dependencies
from services.core.domain.languages import LANGUAGES
from services.core.narrative import lexicon as lexicons
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


@pytest.mark.usefixtures("settings")
def test_lexicons_are_made_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicons, "_MADE", {})
    made = build_dependencies(AnalyzeSettings())
    monkeypatch.setattr(lexicons, "Lexicon", None)  # none can be made any more
    for language in LANGUAGES:
        assert lexicons.lexicon(made.service.processor.catalogue, language)
