"""Every setting has an effect: a change of it changes a template, a service's variables or a warning."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError

from settings import service_env
from settings.environment import Environment
from settings.schema import Alarms
from stacks.app import ROOT
from tests.stacks.assemblies import full_environment, replaced
from tests.stacks.single_stacks import synthesized

pytestmark = pytest.mark.system  # some 50 syntheses, most of them of one stack


class Change(NamedTuple):
    """A value for a key, and the settings to change before or together with it, so that it is valid."""

    value: Any
    before: Mapping[str, Any] = {}
    together: Mapping[str, Any] = {}


# The changes that `other_values` cannot make from the present value.
CHANGES: Mapping[str, Change] = {
    "target": Change(
        "emulator",
        {"studio": None, "web": None, "bootstrap": None, "delivery": None},
        {"upstream_url": "http://127.0.0.1:8080"},
    ),
    "upstream_url": Change(
        "http://127.0.0.1:8081",
        {
            "target": "emulator",
            "studio": None,
            "web": None,
            "bootstrap": None,
            "delivery": None,
            "upstream_url": "http://127.0.0.1:8080",
        },
    ),
    "region": Change("us-east-1", {}, {"zones": ("us-east-1a", "us-east-1b", "us-east-1c")}),
    "zones": Change(("ca-central-1a", "ca-central-1b")),
    "egress": Change("public", {"studio.network": "internet"}),
    "cors_origins": Change(("https://shop.example",)),
    "delivery.repository": Change("shop/other", {"delivery.subject_prefix": None}),
    "delivery.repository_id": Change(5679, {"delivery.subject_prefix": None}),
    "delivery.subject_prefix": Change("repo:shop/vitrine"),
    "delivery.provider_arn": Change(
        "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
    ),
    "image_digest": Change(f"sha256:{'b' * 64}"),
    "model.artifact": Change(f"models/{'c' * 64}/blip2-endpoint.tar.gz"),
    "model.image_uri": Change("111122223333.dkr.ecr.ca-central-1.amazonaws.com/shop/blip2:1"),
    "model.instance_type": Change("ml.g5.xlarge"),
    "model.min_instances": Change(1, {"model.schedule": None}),
    "model.mode": Change("realtime", {"model.schedule": None, "model.min_instances": 1}),
    "model.schedule.days": Change(("TUE",)),
    "model.schedule.time_zone": Change("Europe/Paris"),
    "catalogue.goods": Change("drawn", {"catalogue.departments": None, "model.catalogue_version": None}),
    "catalogue.departments": Change(("shoes",)),
    "listing.languages": Change(("fr",)),
    "service.workers": Change(2, {"service.cpu_units": 2048, "service.memory_mb": 4096}),
    "supabase.roles": Change(("authenticated", "moderator")),
    "web.certificate_arn": Change(
        f"arn:aws:acm:us-east-1:111122223333:certificate/{'9' * 8}-2222-3333-4444-{'5' * 12}"
    ),
    "alarms.notify": Change("arn:aws:sns:ca-central-1:111122223333:pager"),
    "llm.base_url": Change("https://llm.shop.example/v1"),
    "posthog.host": Change("https://posthog.shop.example"),
    "llm.shutdown_date": Change(date.today()),
}

# Read only by `make doctor`.
READ_BY_DOCTOR = "domain.hosted_zone_name"
# Read only by `make bootstrap`; tests/ops/commands/test_bootstrap.py holds its effect.
READ_BY_BOOTSTRAP = "bootstrap.execution_policies"
# Read only by `python -m ops posthog`.
READ_BY_POSTHOG = "posthog.project_id"
# Keys that have their effect in one stack, by their beginning: alone, it takes a fraction of the time of all.
STACK_OF: Mapping[str, tuple[str, ...]] = {
    "analyze": ("egress", "image_digest", "service.", "zones"),
    "delivery": ("delivery.",),
    "gateway": ("cors_origins", "domain.", "supabase.", "throttle."),
    "hooks": ("hooks.",),
    "model": ("model.",),
    # Beyond the rollback of the model, which two of these govern too.
    "observability": ("alarms.",),
    "results": ("consumers.",),
    "storage": ("keep_data",),
    "studio": ("studio.",),
    "web": ("web.",),
}


def keys(model: type[BaseModel] = Environment, prefix: str = "") -> Iterator[str]:
    """Yield every key that an environment file can have, dotted, as in llm.model."""
    for name, field in model.model_fields.items():
        section = section_of(field.annotation)
        if section is not None:
            yield from keys(section, f"{prefix}{name}.")
        elif (model, name) != (Environment, "name"):
            yield f"{prefix}{name}"


def section_of(annotation: Any) -> type[BaseModel] | None:
    for option in (annotation, *get_args(annotation)):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def has_effect(key: str, full: Environment) -> bool:
    change = CHANGES.get(key)
    before = replaced(full.model_dump(), change.before if change else {}, type(full))
    after = changed(before, key, change)
    return variables(before) != variables(after) or templates(before, key) != templates(after, key)


def changed(before: Environment, key: str, change: Change | None) -> Environment:
    """Return the settings with another valid value of `key`."""
    for value in [change.value] if change else other_values(key, before):
        try:
            together = dict(change.together if change else {})
            return replaced(before.model_dump(), {key: value} | together, type(before))
        except ValidationError:
            continue
    raise LookupError(f"{key}: no other valid value is known: add one to CHANGES")


def other_values(key: str, settings: Environment) -> Iterator[Any]:
    model: Any = settings
    *sections, name = key.split(".")
    for section in sections:
        model = getattr(model, section)
    value, annotation = getattr(model, name), type(model).model_fields[name].annotation
    yield from (option for option in options(annotation) if option != value)
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, value * 2, value - 1)
    elif isinstance(value, str):
        yield from (f"{value}1", f"x{value}", f"{value}x")
    elif isinstance(value, time):
        yield (datetime.combine(date.min, value) + timedelta(hours=1)).time()


def options(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    inner = [option for part in get_args(annotation) for option in options(part)]
    return (*inner, None) if NoneType in get_args(annotation) else tuple(inner)


def variables(settings: Environment) -> object:
    """Return every service's variables that hold settings, and the warnings."""
    resources: service_env.ReportResources = {
        "reports_table": "reports",
        "image_bucket": "images",
        "image_key_id": "key",
        "jobs_queue_url": "jobs",
        "exchange_bucket": "exchange",
        "exchange_key_id": "key",
    }
    queues = {"webhook_queue_url": "webhook", "webhook_dead_letters_url": "dead"}
    assert settings.webhook is not None
    assert settings.hooks is not None
    return (
        service_env.analyze_variables(settings, **resources),
        service_env.jobs_variables(settings, jobs_dead_letters_url="dead", **resources),
        service_env.notify_variables(settings.webhook, reports_table="reports", **queues),
        service_env.hooks_app_variables(settings.hooks, hooks_queue_url="hooks"),
        service_env.log_writer_variables(
            settings,
            image_bucket="images",
            logs_queue_url="logs",
            logs_dead_letters_url="dead",
            claims_table="claims",
            edge_log_group="edge",
            edge_log_stream="edge",
        ),
        service_env.authorizer_variables(settings.supabase),
        service_env.log_variables(settings, "1"),
        service_env.posthog_variables(settings),
        settings.notices(date.today()),
    )


def templates(settings: Environment, key: str) -> dict[str, str]:
    """Return the templates that show the effect of `key`."""
    alone = [stack for stack, beginnings in STACK_OF.items() if key.startswith(beginnings)]
    return synthesized(settings, alone[0] if alone else None)


@pytest.mark.parametrize("key", sorted({*keys()} - {READ_BY_DOCTOR, READ_BY_BOOTSTRAP, READ_BY_POSTHOG}))
def test_setting_has_an_effect(key: str) -> None:
    assert has_effect(key, full_environment()), f"a change of {key} changes no template, variable or warning"


def test_doctor_reads_the_zone_name() -> None:
    assert ".hosted_zone_name" in (ROOT / "ops" / "doctor" / "references.py").read_text("utf-8")


def test_unread_key_has_no_effect() -> None:
    class WithPager(Alarms):
        pager_delay_s: float = 250.0

    class Settings(Environment):
        alarms: WithPager

    full = Settings.model_validate(full_environment().model_dump())
    assert "alarms.pager_delay_s" in set(keys(Settings))
    assert not has_effect("alarms.pager_delay_s", full)


def test_keys_include_nested_sections() -> None:
    assert {"region", "model.schedule.days", "throttle.hooks.burst"} <= set(keys())
    assert "name" not in set(keys())


def test_listed_keys_exist() -> None:
    assert {*CHANGES, READ_BY_DOCTOR, READ_BY_BOOTSTRAP, READ_BY_POSTHOG} <= set(keys())
