"""Supabase's Edge Functions under a real Deno."""

from pathlib import Path

from local.home import PYTHON, TOOLS

FOLDER = Path(__file__).parent
FUNCTIONS = ("report-ready", "analyze")
# What the functions read, and what the library of Postgres looks for.
_VARIABLES = ("SUPABASE_*", "VITRINE_*", "PG*")


def deno() -> Path:
    """Return the Deno that came with the packages, there or not."""
    return PYTHON.parent / "deno"


def environment() -> dict[str, str]:
    """Return the variables that keep what Deno downloads in this checkout, and its output plain."""
    return {"DENO_DIR": str(TOOLS / "deno"), "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}


def command(port: int) -> tuple[str, ...]:
    """Return the command that serves all functions on 127.0.0.1, with their packages as the lock has them.

    They get at loopback, their own files and their own variables, and at nothing else.
    """
    return (
        *(str(deno()), "run", "--quiet", "--no-prompt", "--frozen", "--config", str(FOLDER / "deno.json")),
        *(
            "--allow-net=127.0.0.1",
            f"--allow-read={FOLDER.parents[2] / 'supabase' / 'functions'},{FOLDER}",
        ),
        f"--allow-env={','.join(_VARIABLES)}",
        *(str(FOLDER / "main.ts"), str(port), *FUNCTIONS),
    )
