"""The parts that an async endpoint and Supabase's webhooks add, or change."""

from collections.abc import Mapping
from dataclasses import replace

from local.fakes import edge
from local.home import REPOSITORY, Home
from local.supervisor import process_specs, variables
from local.supervisor.process_specs import Part


def database(home: Home, port: int) -> Part:
    """Return the Postgres of a Supabase project; as the emulator, it begins empty."""
    scratch = home.data("database")
    part = process_specs.server(
        "database", port, "database", "Supabase's Postgres", "--data", str(scratch / "postgres"),
        code=(REPOSITORY / "local" / "postgres", REPOSITORY / "supabase" / "migrations"),
    )  # fmt: skip
    return replace(part, scratch=scratch)


def runtime(ports: Mapping[str, int], endpoint: str, region: str, outputs: Mapping[str, str]) -> Part:
    """Return the SageMaker runtime with an async endpoint, by the outputs of the stack of its exchange."""
    part = process_specs.runtime(ports, endpoint)
    async_io = (outputs["ExchangeBucket"], outputs["SuccessTopic"], outputs["ErrorTopic"])
    return replace(
        part,
        command=(*part.command, "--asynchronous", *async_io),
        environment={**part.environment, **variables.aws(ports["emulator"], region)},
    )


def functions(port: int, *, database_url: str, api_url: str, secret: str) -> Part:
    """Return Supabase's Edge Functions; `secret` holds the keys that events about reports are signed with."""
    return Part(
        name="edge",
        title="Supabase's Edge Functions",
        port=port,
        command=edge.command(port),
        environment={
            **edge.environment(),
            "SUPABASE_DB_URL": database_url,
            "VITRINE_API_URL": api_url,
            "VITRINE_WEBHOOK_SECRET": secret,
        },
        sources=(edge.FOLDER, REPOSITORY / "supabase" / "functions"),
    )
