"""The stack outputs of the local deployment, as the front end of an AWS deployment would get them."""

import json
from urllib.parse import urlsplit

from cli.errors import UserError
from local.home import Home
from local.supervisor.processes import records


def stack_outputs(home: Home) -> dict[str, str]:
    """Return the outputs of all stacks in one mapping; raise LocalError when nothing is deployed.

    `ApiUrl` is callable as it stands: the emulator names the gateway by host (`<id>.execute-api.localhost`),
    which not every system resolves, so it is rewritten to the emulator's form by path.
    """
    emulator = records(home).get("emulator")
    if emulator is None or emulator.process() is None or not home.outputs.is_file():
        raise UserError("Nothing is deployed on this machine.", hint="Run `python -m local up`.")
    stacks: dict[str, dict[str, str]] = json.loads(home.outputs.read_text("utf-8"))
    outputs = {name: value for stack in stacks.values() for name, value in stack.items()}
    if "ApiUrl" in outputs:
        outputs["ApiUrl"] = by_path(outputs["ApiUrl"], emulator.port)
    return outputs


def by_path(url: str, port: int) -> str:
    """Return the address by path of an API that the emulator names by host; others stay as they are."""
    host = urlsplit(url).hostname or ""
    identifier, dot, rest = host.partition(".")
    if not dot or not rest.startswith("execute-api."):
        return url
    return f"http://127.0.0.1:{port}/_aws/execute-api/{identifier}/$default"
