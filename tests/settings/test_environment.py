"""The settings: allowed values, and the messages for wrong ones."""

import copy
import json
import re
import subprocess
import sys
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from settings.environment import FOLDER, Environment, SettingsError, environment_names, load_environment

PROD = tomllib.loads((FOLDER / "prod.toml").read_text())
KEYS = [
    *((key,) for key in PROD),
    *((section, key) for section, values in PROD.items() if isinstance(values, dict) for key in values),
]


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """Write prod.toml with `old` replaced, and return its path."""
    text = (FOLDER / "prod.toml").read_text()
    assert text.count(old) == 1, old
    file = tmp_path / "shop.toml"
    file.write_text(text.replace(old, new))
    return file


@pytest.mark.parametrize("name", environment_names())
def test_every_committed_environment_loads(name: str) -> None:
    assert load_environment(name).name == name


@pytest.mark.parametrize("name", environment_names())
def test_every_key_has_a_comment(name: str) -> None:
    for line in (FOLDER / f"{name}.toml").read_text().splitlines():
        if re.match(r"(# )?\w+ = ", line) and "example.com" not in line:
            assert re.search(r"\S\s+# \S", line), line


def test_environments_are_the_files() -> None:
    assert environment_names() == ["dev", "local", "prod"]


def test_file_outside_folder_is_loaded(tmp_path: Path) -> None:
    file = changed(tmp_path, "retention_days = 365 ", "retention_days = 90 ")
    assert load_environment(file).name == "shop"
    assert load_environment(str(file)).retention_days == 90


@pytest.mark.parametrize("absent", [None, ""])
def test_no_environment_lists_the_choices(absent: str | None) -> None:
    with pytest.raises(SettingsError, match=r"-c env=NAME; choose one of dev, local, prod"):
        load_environment(absent)


def test_unknown_environment_suggests_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"'prd' is not known.*dev, local, prod.*did you mean prod\?"):
        load_environment("prd")


def test_missing_file_lists_the_choices(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: there is no such file; choose one of"):
        load_environment(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('egress = "public"', 'egress = "open"', r"egress = 'open': allowed: 'public' or 'nat'"),
        (
            "quota_per_day = 200",
            "quota_per_day = 0",
            r"quota_per_day = 0: allowed: greater than or equal to 1",
        ),
        ("quota_per_day = 200", 'quota_per_day = "9"', r"quota_per_day = '9': allowed: a valid integer"),
        ("log_retention_days = 90", "log_retention_days = 8", r"log_retention_days = 8: allowed: 1, 7,"),
        ('mode = "async"', 'mode = "batch"', r"model\.mode = 'batch': allowed: 'realtime' or 'async'"),
        ('artifact = "demo"', 'artifact = "x"', r"model\.artifact = 'x': allowed: 'demo' or models/<sha256"),
        ("max_instances = 3", "max_instances = 0", r"model\.max_instances = 0: allowed: greater than"),
        (
            "min_instances = 0 ",
            "min_instances = 9 ",
            r"model: allowed: max_instances of at least min_instances",
        ),
        ("cors_origins = []", 'cors_origins = ["*"]', r"cors_origins\[0\] = '\*': allowed: an origin"),
        ('region = "ca-central-1"', 'region = "us-east-1"', r"allowed: zones of the region us-east-1"),
        (
            "quota_per_day = 200",
            'upstream_url = "https://a.example"\nquota_per_day = 200',
            r"no upstream_url: in AWS",
        ),
        ("cpu_units = 1024", "cpu_units = 1000", r"service\.cpu_units = 1000: allowed: 256, 512"),
        (
            "memory_mb = 2048",
            "memory_mb = 1024",
            r"service: allowed: memory_mb from 2048 to 8192 beside 1024",
        ),
        ("# workers = 1 ", "workers = 2 ", r"service: allowed: at most one worker per vCPU: 1"),
        ("max_tasks = 6", "max_tasks = 1", r"service: allowed: max_tasks of at least min_tasks \(2\)"),
        (
            'mode = "async"',
            'mode = "realtime"',
            r"model: allowed: min_instances of at least 1 for a realtime",
        ),
        ('# issuer = "https://…', 'issuer = "auth.example.com', r"supabase\.issuer = .* an http\(s\) URL"),
        ('# issuer = "https://…', 'issuer = "http://a.example', r"allowed: https in supabase\.issuer"),
        ("analyze = { per_second = 20", "analyze = { per_second = 0", r"throttle\.analyze\.per_second = 0"),
        ('url = "https://your-project.supabase.invalid/f', 'url = "http://a.b/f', r"https in webhook.url"),
        ("# image_uri = ", "image_uri = ", r"model\.image_uri = '…': allowed"),
        (
            "# inference_ami_version = ",
            "inference_ami_version = ",
            r"model\.inference_ami_version = '…': allowed",
        ),
        ("max_concurrency = 10", "max_concurrency = 1", r"consumers\.max_concurrency = 1: allowed"),
        (
            "# reserved_concurrency = 10",
            "reserved_concurrency = 4",
            r"consumers: allowed: reserved_concurrency of at least max_concurrency \(10\)",
        ),
        (
            'goods = "drawn"',
            'goods = "drwn"',
            r"catalogue\.goods = 'drwn': allowed: 'drawn', 'photo' or 'second_hand'",
        ),
        (
            'goods = "drawn"',
            'goods = "second_hand"',
            r'allowed: catalogue\.goods = "drawn" beside model\.artifact "demo"',
        ),
        (
            '# departments = ["shoes", "bags"]',
            "departments = []",
            r"catalogue\.departments = \[\]: allowed: .*at least 1 item",
        ),
        (
            '# departments = ["shoes", "bags"]',
            'departments = ["shoes", "shoes"]',
            r"catalogue\.departments = .*: allowed: each department once",
        ),
        (
            '# departments = ["shoes", "bags"]',
            'departments = ["Shoes"]',
            r"catalogue\.departments\[0\] = 'Shoes': allowed: the id of a department in catalogue/",
        ),
        ("wear_tiles = 0", "wear_tiles = 2", r"catalogue\.wear_tiles = 2: allowed: 0 or 4"),
        (
            '# catalogue_version = "…"',
            'catalogue_version = "2026"',
            r"model\.catalogue_version = '2026': allowed: the version that `release` writes",
        ),
        (
            '# catalogue_version = "…"',
            'catalogue_version = "0123456789abcdef"',
            r'model: allowed: no catalogue_version beside artifact "demo"',
        ),
        ("# [fallback_llm]", '[fallback_llm]\nmodel = ""', r"fallback_llm\.model = '': allowed"),
        ('# job_tier = "flex"', 'job_tier = "fast"', r"llm\.job_tier = 'fast': allowed: 'flex'"),
        ("keep_data = true", 'keep_data = "yes"', r"keep_data = 'yes': allowed: a valid boolean"),
        (
            "time_budget_s = 20 ",
            "time_budget_s = 40 ",
            r"time_budget_s = 40: allowed: less than or equal to 25",
        ),
    ],
)
def test_wrong_value_names_allowed_values(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(SettingsError, match=rf"shop\.toml: {message}|shop\.toml: .*{message}"):
        load_environment(changed(tmp_path, old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("retention_days = 365 ", "retention_day = 365 ", r"retention_day: is not a key; did you mean ret"),
        (
            'secret_name = "vitrine/prod/openai',
            'secret_nam = "vitrine/prod/openai',
            r"llm\.secret_nam: is not a key; did you mean secret_name\?",
        ),
        ("analyze = { per_", "analyze = { pr_", r"throttle\.analyze\.pr_second: .*did you mean per_second\?"),
        (
            "[alarms]",
            "[alarms]\nxyz = 1",
            r"alarms\.xyz: is not a key; allowed: error_percent, monthly_budget_usd, notify, p95",
        ),
        ("keep_data = true", "keep_data = true\nname = 'x'", r"name: is not a key.*its file's, shop"),
    ],
)
def test_unknown_key_suggests_the_nearest(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_environment(changed(tmp_path, old, new))


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:8080", "http://[::1]:8080", "https://analyze.example.com"]
)
def test_upstream_is_an_origin(origin: str) -> None:
    values = {"name": "shop", **PROD, "target": "emulator", "upstream_url": origin, "web": None}
    assert Environment.model_validate(values).upstream_url == origin


def test_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"shop\.toml: quota_per_day: is missing"):
        load_environment(changed(tmp_path, "quota_per_day = 200", ""))


def test_image_may_have_a_digest(tmp_path: Path) -> None:
    uri = f"123456789012.dkr.ecr.ca-central-1.amazonaws.com/blip2@sha256:{'a' * 64}"
    file = changed(tmp_path, '# image_uri = "…" ', f'image_uri = "{uri}" ')
    assert load_environment(file).model.image_uri == uri


SCHEDULE = {"days": ["MON", "FRI"], "start": "08:00:00", "stop": "18:00:00", "time_zone": "America/Toronto"}


def scheduled(tmp_path: Path, **change: Any) -> Path:
    """Write prod.toml with a schedule, and return its path."""
    lines = ["[model.schedule]"]
    for key, value in (SCHEDULE | change).items():
        lines.append(f"{key} = {value if key in ('start', 'stop') else json.dumps(value)}")
    return changed(tmp_path, "[supabase]", "\n".join([*lines, "", "[supabase]"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"days": []}, r"schedule\.days"),
        ({"days": ["MON", "MON"]}, r"each day once"),
        ({"days": ["Monday"]}, r"schedule\.days\[0\] = 'Monday'"),
        ({"start": "08:00:30"}, r"whole minutes"),
        ({"stop": "08:00:00"}, r"a stop after the start at 08:00:00"),
        ({"time_zone": "Montreal"}, r"IANA time zone"),
    ],
)
def test_wrong_schedule_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_environment(scheduled(tmp_path, **change))


def test_schedule_counts_weekly_hours(tmp_path: Path) -> None:
    schedule = load_environment(scheduled(tmp_path, stop="18:30:00")).model.schedule
    assert schedule is not None
    assert schedule.hours_per_week == 21


def test_schedule_needs_scale_to_zero(tmp_path: Path) -> None:
    file = scheduled(tmp_path)
    file.write_text(file.read_text().replace("min_instances = 0 ", "min_instances = 1 "))
    with pytest.raises(SettingsError, match=r"min_instances = 0 beside \[model\.schedule\]"):
        load_environment(file)


def test_all_wrong_keys_are_listed(tmp_path: Path) -> None:
    file = changed(tmp_path, "quota_per_day = 200", "quota_per_day = 0\nquota = 1")
    with pytest.raises(SettingsError, match=r"(?s)quota_per_day = 0.*quota: is not a key"):
        load_environment(file)


def test_invalid_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("region =")
    with pytest.raises(SettingsError, match=r"bad\.toml: is not TOML"):
        load_environment(tmp_path / "bad.toml")


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.dates(),
    st.lists(st.text(), max_size=3),
)


@given(key=st.sampled_from(KEYS), value=values)
def test_any_value_loads_or_is_named(
    tmp_path_factory: pytest.TempPathFactory, key: tuple[str, ...], value: Any
) -> None:
    from pydantic import ValidationError

    from settings.errors import explain

    settings = copy.deepcopy(PROD)
    section = settings if len(key) == 1 else settings[key[0]]
    section[key[-1]] = value
    try:
        Environment.model_validate({"name": "shop", **settings})
    except ValidationError as error:
        message = explain(error, Environment, "shop.toml")
        assert all(line.startswith("shop.toml: ") for line in message.splitlines() if line)
        assert key[-1] in message or key[0] in message


def test_llm_shutdown_is_warned_about() -> None:
    prod = load_environment("prod")
    ends = date(2030, 6, 30)
    llm = prod.llm.model_copy(update={"shutdown_date": ends})
    settings = prod.model_copy(update={"llm": llm})
    early, late = ends - timedelta(days=61), ends - timedelta(days=60)
    assert not [one for one in settings.notices(early) if "shuts down" in one]
    assert [one for one in settings.notices(late) if "gpt-6-luna shuts down on 2030-06-30" in one]


def test_local_environment_has_no_notices() -> None:
    assert load_environment("local").notices(date(2030, 1, 1)) == []


def test_settings_do_not_import_cdk() -> None:
    code = "import sys, settings.naming, settings.service_env;"
    code += " sys.exit('aws_cdk' in sys.modules or 'jsii' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def with_bootstrap(**values: Any) -> Environment:
    return Environment.model_validate({"name": "shop", **PROD, "bootstrap": {"qualifier": "shop", **values}})


def test_own_bootstrap_has_its_qualifier() -> None:
    assert load_environment("prod").qualifier == "hnb659fds"
    assert with_bootstrap().qualifier == "shop"


@pytest.mark.parametrize(
    "wrong",
    [
        *({"qualifier": name} for name in ("", "hnb659fds", "Shop", "1shop", "shop-1", "a" * 11)),
        *({"execution_policies": [arn]} for arn in ("", "PowerUserAccess", "arn:aws:iam::1:policy/x")),
        {"execution_policies": ["arn:aws:iam::aws:role/Admin"]},
        {"execution_policies": [f"arn:aws:iam::aws:policy/P{at}" for at in range(11)]},
    ],
)
def test_wrong_bootstrap_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        with_bootstrap(**wrong)


def test_emulator_has_no_own_bootstrap() -> None:
    local = tomllib.loads((FOLDER / "local.toml").read_text())
    with pytest.raises(ValidationError, match=r"no \[bootstrap\]"):
        Environment.model_validate({"name": "local", **local, "bootstrap": {"qualifier": "shop"}})
