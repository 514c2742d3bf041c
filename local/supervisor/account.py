"""The account that the emulator provides: its clients, the stack outputs, and the secrets."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cli.errors import UserError
from local.home import Home
from local.supervisor.configuration import emulator_env
from local.supervisor.processes import records


def aws_client(service: str, port: int, region: str) -> Any:
    """Return a boto3 client for a service of the emulator on `port`."""
    import boto3  # takes 0.3 s, and most commands need no client
    from botocore.config import Config

    env = emulator_env(port, region)
    session: Any = boto3.Session(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], region_name=region)
    return session.client(service, endpoint_url=env["AWS_ENDPOINT_URL"], config=Config(proxies={}))


def stack_outputs(home: Home) -> dict[str, str]:
    """Return the outputs of all stacks in one mapping; raise UserError when nothing is deployed.

    The emulator names the gateway by host (`<id>.execute-api.localhost`), which not every system resolves;
    `ApiUrl` is the emulator's equivalent address by path.
    """
    emulator = records(home).get("emulator")
    if emulator is None or emulator.process() is None or not home.outputs.is_file():
        raise UserError("Nothing is deployed on this machine.", hint="Run `python -m local up`.")
    stacks: dict[str, dict[str, str]] = json.loads(home.outputs.read_text("utf-8"))
    outputs = {name: value for stack in stacks.values() for name, value in stack.items()}
    if "ApiUrl" in outputs:
        outputs["ApiUrl"] = url_by_path(outputs["ApiUrl"], emulator.port)
    return outputs


def url_by_path(url: str, port: int) -> str:
    """Return the address by path of an API that the emulator names by host; return other URLs unchanged."""
    host = urlsplit(url).hostname or ""
    identifier, dot, rest = host.partition(".")
    if not dot or not rest.startswith("execute-api."):
        return url
    return f"http://127.0.0.1:{port}/_aws/execute-api/{identifier}/$default"


def store_secrets(port: int, region: str, values: Mapping[str, str]) -> None:
    """Create or update secrets, given by name, in the emulator on `port`."""
    client = aws_client("secretsmanager", port, region)
    for name, value in values.items():
        try:
            client.create_secret(Name=name, SecretString=value)
        except client.exceptions.ResourceExistsException:
            client.put_secret_value(SecretId=name, SecretString=value)
