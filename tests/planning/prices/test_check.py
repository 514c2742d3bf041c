"""The settings against the price lists: what fails `make check`, and what is only said."""

from datetime import date, timedelta

import pytest

from planning.prices.check import check
from planning.prices.llms import Llm, all_llms, known_llm
from settings.environment import Environment, environment_names, load_environment
from settings.schema import FallbackLlmSettings

# From the deprecations page of OpenAI's documentation, and a model that has no end there.
ENDS = {
    "gpt-5": date(2026, 12, 11),
    "gpt-5-mini": date(2026, 12, 11),
    "gpt-5-nano": date(2026, 12, 11),
    "gpt-4o": date(2027, 1, 14),
    "gpt-4o-mini": date(2027, 1, 14),
    "gpt-4.1": date(2027, 1, 14),
    "gpt-4.1-mini": date(2027, 1, 14),
    "gpt-5.1": date(2027, 4, 1),
    "gpt-6-luna": None,
}
TODAY = date(2026, 11, 27)
PROD = load_environment("prod")


def with_llm(model: str, **values: object) -> Environment:
    priced = known_llm(model)
    prices = {
        name: getattr(priced, name) if priced else 1.0
        for name in ("usd_per_mtok_input", "usd_per_mtok_cached_input", "usd_per_mtok_output")
    }
    llm = PROD.llm.model_copy(update={"model": model, **prices, **values})
    return PROD.model_copy(update={"llm": llm})


LLMS = {one.model: one for one in all_llms()}


def messages(settings: Environment, today: date = TODAY) -> list[tuple[bool, str]]:
    return [(one.error, one.message) for one in check([settings], today)]


@pytest.mark.parametrize("model", ENDS)
def test_ends_are_those_announced(model: str) -> None:
    assert LLMS[model].shutdown_date == ENDS[model]


def test_committed_environments_agree_with_the_lists() -> None:
    assert check([load_environment(name) for name in environment_names()], TODAY) == []


@pytest.mark.parametrize(("days", "error"), [(61, False), (60, True), (0, True), (-1, True)])
def test_llm_about_to_end_is_an_error(days: int, error: bool) -> None:
    found = messages(with_llm("gpt-4o-mini"), date(2027, 1, 14) - timedelta(days=days))
    assert [one for one, _ in found] == ([True] if error else [])
    if error:
        verb = "has shut down on" if days < 0 else "shuts down on"
        assert found[0][1].startswith(f"llm.model gpt-4o-mini {verb} 2027-01-14: choose another model")


def test_end_in_the_settings_counts_if_earlier() -> None:
    soon = with_llm("gpt-4o-mini", shutdown_date=date(2026, 12, 1))
    late = with_llm("gpt-6-luna", shutdown_date=date(2028, 1, 1))
    assert messages(soon) == [
        (True, messages(soon)[0][1]),
        (False, "llm.shutdown_date is 2026-12-01 and planning/prices/llms.csv says 2027-01-14"),
    ]
    assert "shuts down on 2026-12-01" in messages(soon)[0][1]
    assert messages(late) == [
        (False, "llm.shutdown_date is 2028-01-01 and planning/prices/llms.csv says no date")
    ]


def test_warning_before_deployment_is_the_same() -> None:
    settings = with_llm("gpt-6-luna", shutdown_date=date(2026, 12, 1))
    error = next(message for error, message in messages(settings) if error)
    assert error in settings.notices(TODAY)


def test_fallback_llm_is_checked_too() -> None:
    fallback = FallbackLlmSettings(model="gpt-5-mini", usd_per_mtok_input=0.25, usd_per_mtok_output=2.0)
    found = messages(PROD.model_copy(update={"fallback_llm": fallback}))
    assert len(found) == 1
    assert found[0][0]
    assert found[0][1].startswith("fallback_llm.model gpt-5-mini shuts down on 2026-12-11")


def test_snapshot_is_priced_as_its_alias() -> None:
    assert known_llm("gpt-4o-mini-2024-07-18") == LLMS["gpt-4o-mini"]
    assert known_llm("gpt-4o-mini-2024") is None


def test_price_that_differs_is_said() -> None:
    found = messages(with_llm("gpt-6-luna", usd_per_mtok_output=0.6))
    assert [error for error, _ in found] == [False]
    assert found[0][1].startswith("llm.usd_per_mtok_output is 0.6 and developers.openai.com")
    assert "says 0.5 (" in found[0][1]


def test_hourly_price_that_differs_is_said() -> None:
    model = PROD.model.model_copy(update={"usd_per_hour": 0.2})
    found = messages(PROD.model_copy(update={"model": model}))
    assert found[0][1].startswith(
        "model.usd_per_hour is 0.2 and 0.128 is assumed for ml.m5.large in ca-central-1"
    )


def test_unknown_instance_type_is_said() -> None:
    model = PROD.model.model_copy(update={"instance_type": "ml.p5.48xlarge"})
    found = messages(PROD.model_copy(update={"model": model}))
    assert [error for error, _ in found] == [False]
    assert "cannot be compared: planning/prices/aws.csv has no price of ml.p5.48xlarge" in found[0][1]


def test_unknown_llm_is_said_if_it_costs() -> None:
    found = messages(with_llm("mistral-9"))
    assert [error for error, _ in found] == [False]
    assert "llm.model mistral-9 is not in planning/prices/llms.csv" in found[0][1]
    free = dict.fromkeys(("usd_per_mtok_input", "usd_per_mtok_cached_input", "usd_per_mtok_output"), 0.0)
    assert messages(with_llm("mistral-9", **free)) == []


def test_unknown_llm_that_ends_is_an_error() -> None:
    assert messages(with_llm("mistral-9", shutdown_date=TODAY))[0][0]


@pytest.mark.parametrize("llm", all_llms(), ids=lambda one: one.model)
def test_cache_writes_cost_more_since_gpt_5_6(llm: Llm) -> None:
    # From OpenAI's guide to prompt caching: no additional fee before GPT-5.6, then 1.25 times the input.
    factor = 1.25 if llm.model.startswith(("gpt-5.6", "gpt-6")) else 1
    assert llm.usd_per_mtok_cache_write == pytest.approx(factor * llm.usd_per_mtok_input)


def test_cheaper_tiers_cost_a_share() -> None:
    luna, mini = LLMS["gpt-6-luna"], LLMS["gpt-4o-mini"]
    assert (luna.batch_factor, luna.flex_factor) == (0.5, 0.5)
    assert (mini.batch_factor, mini.flex_factor) == (0.5, None)
    assert all(one.usd_per_mtok_cached_input < one.usd_per_mtok_input for one in all_llms())
