"""`python -m local redrive`: what was set aside of the emulator's queues, by the command for an account."""

import boto3
from botocore.config import Config
from rich.console import Console

from cli.dead_letters import queues, redrive
from cli.errors import UserError
from local.home import Home
from local.supervisor import variables
from local.supervisor.outputs import stack_outputs
from local.supervisor.processes import records
from settings.environment import load_environment


def main(home: Home, *, again: bool, asking: bool) -> int:
    """Show dead letters and send them round again; raise LocalError where there are no queues."""
    outputs = stack_outputs(home)
    given = variables.aws(records(home)["emulator"].port, load_environment("local").region)
    sqs = boto3.Session(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"]).client(
        "sqs",
        region_name=given["AWS_REGION"],
        endpoint_url=given["AWS_ENDPOINT_URL"],
        config=Config(proxies={}),
    )
    console = Console(highlight=False, markup=False, soft_wrap=True)
    try:
        redrive(sqs, queues(outputs), console, send=again, confirm=asking)
    except UserError as error:
        raise UserError(str(error), hint=error.hint) from error
    return 0
