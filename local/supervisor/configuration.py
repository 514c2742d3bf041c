"""The configuration of one run: the rendered environment file, each process's variables, the secrets.

No process may reach a real AWS account: every AWS variable of the caller's shell is removed, and placeholder
credentials for the emulator are set.
"""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import tomlkit
from tomlkit.items import Array, String

from cli.errors import UserError
from local.home import PYTHON, REPOSITORY, TOOLS, Home, Mode
from model_artifacts.blip2.tools import catalogue_file
from settings.environment import Environment, SettingsError, load_environment
from settings.service_env import analyze_variables, log_variables, posthog_variables

SOURCE = REPOSITORY / "environments" / "local.toml"
DEMO = REPOSITORY / "model_artifacts" / "blip2" / "model"
_LOOPBACK = "127.0.0.1,localhost"


def render_environment(home: Home, ports: Mapping[str, int], mode: Mode = "realtime") -> Path:
    """Write environments/local.toml with what this run chooses into the home; return the file's path.

    That is the addresses, the endpoint's mode and the catalogue of the model that is served.

    Realtime mode has no webhooks, since Supabase's processes do not run. Raise UserError when the
    committed file cannot be read, or lacks a setting that is filled in here.
    """
    try:
        document = tomlkit.parse(SOURCE.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomlkit.exceptions.ParseError) as error:
        raise UserError(
            f"{SOURCE} cannot be read: {error}.", hint=f"Restore it: `git checkout {SOURCE}`."
        ) from error
    values = {
        "upstream_url": f"http://127.0.0.1:{ports['service']}",
        "supabase.url": f"http://127.0.0.1:{ports['identity']}",
        "llm.base_url": f"http://127.0.0.1:{ports['llm']}/v1",
        "posthog.host": f"http://127.0.0.1:{ports['posthog']}",
        "model.mode": mode,
        "catalogue.goods": served_goods(),
    }
    if mode == "async":
        values["webhook.url"] = f"http://127.0.0.1:{ports['edge']}/functions/v1/report-ready"
    else:
        for section in ("webhook", "hooks"):
            document.pop(section, None)
    for dotted_key, value in values.items():
        section, _, key = dotted_key.rpartition(".")
        table = document.get(section, {}) if section else document
        # A setting that `up` fills in must be visible in the committed file.
        if not isinstance(table.get(key), String):
            raise UserError(
                f"environments/local.toml has no string at {dotted_key}.",
                hint="Restore the setting; `python -m local up` replaces its value by that of this run.",
            )
        table[key] = value
    _allow_page(document, ports)
    home.environment.write_text(tomlkit.dumps(document), "utf-8")
    return home.environment


def _page_origins(ports: Mapping[str, int]) -> tuple[str, ...]:
    """Return the origins at which a browser on this machine may show the page."""
    return tuple(f"http://{host}:{ports['page']}" for host in ("127.0.0.1", "localhost"))


def _allow_page(document: tomlkit.TOMLDocument, ports: Mapping[str, int]) -> None:
    # It uploads photos to the bucket, which is of another origin.
    origins = document.get("cors_origins")
    if not isinstance(origins, Array):
        raise UserError(
            "environments/local.toml has no list at cors_origins.",
            hint="Restore the setting; `python -m local up` adds the page's origins of this run.",
        )
    origins.extend(origin for origin in _page_origins(ports) if origin not in origins)


def served_goods() -> str:
    """Return the name of the catalogue of the model that is served: the demo model, or what MODEL names.

    A model without a catalogue of its own gets second_hand. Raises UserError where it has one that is not
    committed.
    """
    folder = Path(os.environ.get("MODEL") or DEMO).expanduser()
    return (catalogue_file.name_of(folder) if folder.is_dir() else None) or catalogue_file.USUAL


def base_env() -> dict[str, str]:
    """Return this process's variables without any AWS account, with loopback excluded from proxies."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    if kept.pop("PYTHONDONTWRITEBYTECODE", None):
        # Keep the sources free of bytecode, but keep bytecode: without any, each start compiles for 30 s.
        kept["PYTHONPYCACHEPREFIX"] = str(TOOLS / "pycache")
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, (kept.get(name), _LOOPBACK)))
    return kept | {
        "PATH": f"{PYTHON.parent}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",  # files and logs are UTF-8 in every locale
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def emulator_env(port: int, region: str) -> Mapping[str, str]:
    """Return the variables that send an AWS client to the emulator on `port`."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "vitrine-local",
        "AWS_SECRET_ACCESS_KEY": "vitrine-local",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }


def secret_values(home: Home, environment: Environment) -> dict[str, str]:
    """Return the value of each secret that the environment names, by that name.

    The signing keys of webhooks have the form of Standard Webhooks (whsec_…); they and the key of who may
    post Edge logs are kept in the home.
    """
    values = {environment.llm.secret_name: os.environ.get("OPENAI_API_KEY") or "local"}
    for section in (environment.webhook, environment.hooks):
        if section is not None:
            values[section.secret_name] = _signing_key(home.data(section.secret_name))
    if environment.hooks is not None and (name := environment.hooks.logs_secret_name) is not None:
        values[name] = _kept(home.data(name), secrets.token_hex)
    return values


def _signing_key(path: Path) -> str:
    return _kept(path, lambda: f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}")


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Return the key in a file, made and written if there is none."""
    if path.is_file() and (key := path.read_text("utf-8")):
        return key
    key = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    path.write_text(key, "utf-8")
    return key


def service_env(environment: Environment, outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the service's stack would set; OPENAI_API_KEY selects production's LLM."""
    key = os.environ.get("OPENAI_API_KEY")
    if key:
        try:
            environment = environment.model_copy(update={"llm": load_environment("prod").llm})
        except SettingsError as error:
            raise UserError(
                f"{error}.",
                hint="Correct that file, or unset OPENAI_API_KEY to use the local language model.",
            ) from error
    variables = analyze_variables(
        environment,
        reports_table=outputs["ReportsTable"],
        image_bucket=outputs["ImageBucket"],
        image_key_id=outputs.get("ImageKey"),
        jobs_queue_url=outputs.get("JobsQueue"),
        exchange_bucket=outputs.get("ExchangeBucket"),
        exchange_key_id=outputs.get("ExchangeKey"),
    )
    told = posthog_variables(environment) | log_variables(environment, "local")
    return variables | told | {"OPENAI_API_KEY": key or "local"}
